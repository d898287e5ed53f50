# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sidetap_global_optspecs
    string join \n profile= region= endpoint-url= output= color= no-input v/verbose q/quiet h/help V/version
end

function __fish_sidetap_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sidetap_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sidetap_using_subcommand
    set -l cmd (__fish_sidetap_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sidetap -n "__fish_sidetap_needs_command" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_needs_command" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_needs_command" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_needs_command" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_needs_command" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_needs_command" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_needs_command" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_needs_command" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_needs_command" -s V -l version -d 'Print version'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "list" -d 'List clusters, services or task definitions'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "inject" -d 'Add a sidecar to a task definition, in a file or on ECS'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "apply" -d 'Carry out a plan that `--out` saved, or stop if what it was made from has changed'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "remove" -d 'Take sidecars out of a task definition, in a file or on ECS'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "policy" -d 'Print the least IAM policy that commands need, without calling AWS'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "doctor" -d 'Find out why a sidecar would not start, or why nothing arrives from it'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "rollback" -d 'Return a service to the revision that it ran before sidetap changed it'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "status" -d 'Show where sidecars run, and whether they still are what sidetap put in'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "capture" -d 'Turn packets into HTTP transactions'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "forward" -d 'Send packets to collectors over VXLAN'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "collect" -d 'Turn mirrored packets into HTTP transactions'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "health" -d 'Tell whether a sidetap that runs on this host lives'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "configuration" -d 'List the settings of configuration files, as tables in Markdown'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "man" -d 'Write manual pages, one a command, into a directory'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "exit-codes" -d 'List the exit codes and what they mean'
complete -c sidetap -n "__fish_sidetap_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -f -a "clusters" -d 'List the clusters of the region'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -f -a "services" -d 'List the services of a cluster, and what can be done with them'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -f -a "task-definitions" -d 'List the families of task definitions that have an active revision'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and not __fish_seen_subcommand_from clusters services task-definitions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from clusters" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l cluster -d 'The cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from services" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from task-definitions" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from help" -f -a "clusters" -d 'List the clusters of the region'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from help" -f -a "services" -d 'List the services of a cluster, and what can be done with them'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from help" -f -a "task-definitions" -d 'List the families of task definitions that have an active revision'
complete -c sidetap -n "__fish_sidetap_using_subcommand list; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l file -d 'A task definition in a file, or - for standard input; needs no AWS account' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l cluster -d 'The services\' cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l service -d 'A service, by name or ARN; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l service-tag -d 'Of all services, only those with this tag; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l exclude-service -d 'Of all services, not this one, by name or a pattern with * and ?; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l task-definition -d 'A task definition on ECS; registers a revision and touches no service' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l sidecar -d 'sensor, forwarder, levo, traceable, or the path of a container definition in JSON (- for standard input)' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l image -d 'The sidecar\'s image; sensor and forwarder need it' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l container-name -d 'The name of the sidecar\'s container' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l env -d 'An environment variable of the sidecar; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l secret -d 'An environment variable from Secrets Manager or the SSM parameter store; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l essential -d 'Whether the task stops when the sidecar does' -r -f -a "true\t''
false\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l log-group -d 'The CloudWatch log group [default: the application\'s]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l log-region -d 'The log group\'s region' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l log-stream-prefix -d 'The prefix of the log stream' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l export -d 'sensor: where records go, as ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l filter -d 'sensor: which packets, as a pcap-filter expression' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l rate-limit -d 'sensor, levo: transactions a minute' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l destination -d 'forwarder, traceable: where packets go' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l bpf-filter -d 'forwarder, traceable: which packets, as a pcap-filter expression' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l interface -d 'forwarder, traceable: the interface, or any' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l mtu -d 'forwarder, traceable: the largest packet in bytes; forwarder also: auto' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l stat-duration -d 'forwarder, traceable: seconds between two lines of statistics' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l satellite-url -d 'levo: the satellite' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l levo-env -d 'levo: the application environment, such as staging' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l levoai-org-id -d 'levo: the organisation' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l cpu-percentage-limit -d 'Percent of the task\'s CPU [default: 5]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l memory-percentage-limit -d 'Percent of the task\'s memory [default: 5]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l cpu -d 'CPU units; 1024 are one vCPU' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l memory -d 'Memory in MiB' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l take-from -d 'Take the share out of this container\'s CPU and memory; repeatable: of several, the first that a task has and that has enough to give' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l out -d 'Save the plan for `sidetap apply`' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l timeout -d 'How long a deployment is watched' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l max-parallel -d 'Deployments at once' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l emit -d 'Print what to put into a template or configuration instead, and change nothing' -r -f -a "json\t'The sidecar\'s container and what else changes, as JSON of the ECS API'
cloudformation\t'A CloudFormation template with the whole task definition'
terraform\t'A Terraform resource with the whole task definition'"
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l all-services -d 'All services of the cluster'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l no-log -d 'Give the sidecar no log, whatever the application has'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l low-resource -d 'sensor, levo: the profile for tight tasks: 100 transactions a minute, bodies to 1 MB'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l grow-task -d 'Move to the next valid task size if the sidecar does not fit'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l best-effort -d 'Reserve nothing; limit the sidecar\'s memory, and the CPU of sensor and forwarder to 5 % of the task\'s'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l dry-run -d 'Show the plan and change nothing'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l detailed-exitcode -d 'Exit with 2 if there are changes to make'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l include-schedules -d 'Point EventBridge rules and schedules that name the base revision at the new one'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l show-values -d 'Show the values of environment variables in the diff'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l yes -d 'Do not ask before the change is made'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l register-only -d 'Register revisions and leave the services alone'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l no-wait -d 'Do not watch the deployments'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l auto-rollback -d 'Return to the revision before when a deployment fails or times out'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l keep-going -d 'Go on with the other services after a failure'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l in-place -d 'With --file: change the file instead of printing'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand inject" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l timeout -d 'How long a deployment is watched' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l max-parallel -d 'Deployments at once' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l show-values -d 'Show the values of environment variables in the diff'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l retry-failed -d 'Update services again that an earlier run of the plan updated and that went back'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l yes -d 'Do not ask before the change is made'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l register-only -d 'Register revisions and leave the services alone'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l no-wait -d 'Do not watch the deployments'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l auto-rollback -d 'Return to the revision before when a deployment fails or times out'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l keep-going -d 'Go on with the other services after a failure'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l file -d 'A task definition in a file, or - for standard input; needs no AWS account' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l cluster -d 'The services\' cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l service -d 'A service, by name or ARN; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l service-tag -d 'Of all services, only those with this tag; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l exclude-service -d 'Of all services, not this one, by name or a pattern with * and ?; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l task-definition -d 'A task definition on ECS; registers a revision and touches no service' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l sidecar -d 'Only these sidecars; also a vendor\'s that was pasted by hand [default: all that sidetap put in]' -r -f -a "sensor\t''
forwarder\t''
levo\t''
traceable\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l out -d 'Save the plan for `sidetap apply`' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l timeout -d 'How long a deployment is watched' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l max-parallel -d 'Deployments at once' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l all-services -d 'All services of the cluster'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l dry-run -d 'Show the plan and change nothing'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l detailed-exitcode -d 'Exit with 2 if there are changes to make'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l include-schedules -d 'Point EventBridge rules and schedules that name the base revision at the new one'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l show-values -d 'Show the values of environment variables in the diff'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l yes -d 'Do not ask before the change is made'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l register-only -d 'Register revisions and leave the services alone'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l no-wait -d 'Do not watch the deployments'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l auto-rollback -d 'Return to the revision before when a deployment fails or times out'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l keep-going -d 'Go on with the other services after a failure'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l in-place -d 'With --file: change the file instead of printing'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l cluster -d 'Only for this cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l account -d 'Only in this account' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l include-schedules -d 'Also what `--include-schedules` needs'
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand policy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l file -d 'A task definition in a file, or - for standard input; needs no AWS account' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l cluster -d 'The services\' cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l service -d 'A service, by name or ARN; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l service-tag -d 'Of all services, only those with this tag; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l exclude-service -d 'Of all services, not this one, by name or a pattern with * and ?; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l task-definition -d 'A task definition on ECS; registers a revision and touches no service' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l sidecar -d 'sensor, forwarder, levo, traceable, or the path of a container definition in JSON (- for standard input)' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l image -d 'The sidecar\'s image; sensor and forwarder need it' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l container-name -d 'The name of the sidecar\'s container' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l env -d 'An environment variable of the sidecar; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l secret -d 'An environment variable from Secrets Manager or the SSM parameter store; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l essential -d 'Whether the task stops when the sidecar does' -r -f -a "true\t''
false\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l log-group -d 'The CloudWatch log group [default: the application\'s]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l log-region -d 'The log group\'s region' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l log-stream-prefix -d 'The prefix of the log stream' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l export -d 'sensor: where records go, as ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l filter -d 'sensor: which packets, as a pcap-filter expression' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l rate-limit -d 'sensor, levo: transactions a minute' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l destination -d 'forwarder, traceable: where packets go' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l bpf-filter -d 'forwarder, traceable: which packets, as a pcap-filter expression' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l interface -d 'forwarder, traceable: the interface, or any' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l mtu -d 'forwarder, traceable: the largest packet in bytes; forwarder also: auto' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l stat-duration -d 'forwarder, traceable: seconds between two lines of statistics' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l satellite-url -d 'levo: the satellite' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l levo-env -d 'levo: the application environment, such as staging' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l levoai-org-id -d 'levo: the organisation' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l cpu-percentage-limit -d 'Percent of the task\'s CPU [default: 5]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l memory-percentage-limit -d 'Percent of the task\'s memory [default: 5]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l cpu -d 'CPU units; 1024 are one vCPU' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l memory -d 'Memory in MiB' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l take-from -d 'Take the share out of this container\'s CPU and memory; repeatable: of several, the first that a task has and that has enough to give' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l all-services -d 'All services of the cluster'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l no-log -d 'Give the sidecar no log, whatever the application has'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l low-resource -d 'sensor, levo: the profile for tight tasks: 100 transactions a minute, bodies to 1 MB'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l grow-task -d 'Move to the next valid task size if the sidecar does not fit'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l best-effort -d 'Reserve nothing; limit the sidecar\'s memory, and the CPU of sensor and forwarder to 5 % of the task\'s'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l cluster -d 'The service\'s cluster, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l service -d 'The service, by name or ARN' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l timeout -d 'How long the service is watched' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l dry-run -d 'Show the way back and change nothing'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l show-values -d 'Show the values of environment variables in the diff'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l yes -d 'Do not ask before the service is changed'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l no-wait -d 'Do not watch the service'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l cluster -d 'The cluster, by name or ARN [default: all]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l service -d 'A service of the cluster, by name or ARN; repeatable [default: all]' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l watch -d 'Look again and again, until Ctrl-C' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l interface -d 'Listen on this interface, or on `any`; repeatable. Default: every interface that is up' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l read -d 'Read a capture file (pcap or pcapng, gzipped or not) instead; `-` is standard input' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l listen -d 'Answer health checks and serve metrics over HTTP here while listening on interfaces: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l filter -d 'Only packets that this pcap-filter(7) expression accepts' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l host-allow -d 'Only transactions with hosts in which this regular expression is found, whatever the case; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l path-allow -d 'Only transactions with paths in which this regular expression is found; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l host-exclusions -d 'No transactions with hosts in which this regular expression is found, whatever is allowed; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l path-exclusions -d 'No transactions with paths in which this regular expression is found, whatever is allowed; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l export -d 'Where records go: `ndjson:-`, `ndjson:PATH` (added to), `otlp:URL`, `har:DIR`, `pcapng:PATH` (overwritten) or `none`; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l rotate-size -d 'Begin another pcapng file when one has this size: PATH_00001_20261121040000.pcapng, and so on' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l rotate-interval -d 'Begin another pcapng file when packets have been added to one for so long, such as `1h`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l rotate-files -d 'Keep so many files, and delete older ones of this run. Default: all' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l trace-export-interval -d 'How often records leave, between 1s and 60s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l otlp-headers-file -d 'A file of header fields for every OTLP receiver that is named, a `Name: value` a line. Besides, OTEL_EXPORTER_OTLP_HEADERS is heeded' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l otlp-ca -d 'Trust these certificate authorities (PEM), besides the system\'s' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l service-name -d 'The name of the service whose traffic this is. Default: OTEL_SERVICE_NAME, else what ECS says' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l spool-dir -d 'Keep what a receiver does not take in files in this directory, at most for an hour. Each has its own in there' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l spool-size -d 'How much the directory may hold for each receiver' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l satellite-url -d 'Send HTTP transactions that are served here to this satellite, besides `--export`. Experimental: its format is inferred. It takes `--levo-env` and `--levoai-org-id`, too' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l levo-env -d 'The environment that the satellite shows them under, such as `staging`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l levoai-org-id -d 'The organisation at Levo that they belong to' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l rate-limit -d 'Transactions a minute that are reported one by one: a number, or `unlimited`. Each endpoint gets a fair share, and what is new or fails comes first; metrics are always exact. Default: 1000 where `capture` listens, no limit for files and for `collect`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l bytes-per-minute -d 'Bytes of transactions a minute, about: beyond that bodies are left out first. Default: 2MiB with a rate limit' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l privacy-level -d 'How much leaves: `metadata` no value that anybody entered; `schema` and of what types values are; `redacted` values and bodies in which nothing personal or secret was found; `full` all but credentials' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l privacy-acknowledge -d 'Why `--privacy-level full` is needed, such as the name of a ticket; it is told at the start' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l privacy-expires -d 'When `--privacy-level full` ends and `redacted` begins, at most 7 days ahead: `2026-12-31T12:00:00Z`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l allow-header -d 'A header field whose values are shown besides the harmless ones; repeatable. Credentials never are' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l route -d 'A path template such as `/users/{id}/cards`; repeatable. Others are found out' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l trace-context -d 'Whether records continue the traces that requests name: `join` them, `link` to them, `off`, or `auto`: join where nobody else does' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l max-http-length -d 'Bytes of a body that are looked at: at most 16KiB, with `full` 64KiB, which are the defaults' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l cpu-limit -d 'How many CPUs may be used, such as `0.05`. Packets of interfaces wait, and are dropped, rather than that more is used. Where more goes on being needed, bodies are left out, then the rate limit is lowered, then only some connections are read; mirrored packets, too' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l openapi -d 'Write an OpenAPI 3.1 document of what was seen to this file, once a minute and at the end' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l egress-report -d 'Write the sites that were talked to to this file, once a minute and at the end: as text, or as its ending says `.json` or `.csv`' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l memory-limit -d 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup\'s limit, at most 64 MiB' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l stream-timeout-seconds -d 'How long bytes are waited for that nobody has acknowledged' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l stat-duration -d 'How often statistics are printed while listening, such as `30s`; `0` for never' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l config -d 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l randomized-start -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l sample-rate -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l gopacket-pages -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l gopacket-per-conn -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l levoai-workspace-id -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l max-witness-size-bytes -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l max-witness-upload-buffers -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l proc-polling-interval -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l stats-log-delay -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l tags -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l telemetry-interval -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l trace-rotate -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l debug -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l parse-tls-handshakes -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l report-tcp-and-tls -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l repro-mode -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l send-witness-payloads -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l privacy-report -d 'With `--read`: send and write nothing, but print what would leave: of each endpoint which header fields, parameters and bodies, and what is kept back'
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand capture" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l interface -d 'Listen on this interface, or on `any`; repeatable. Default: every interface that is up' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l filter -d 'Only packets that this pcap-filter(7) expression accepts' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l destination -d 'Where packets go: a name or an address, and a UDP port if it is not 4789; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l vni -d 'The VXLAN network identifier. Default: 1' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l mtu -d 'The largest packet that is sent, IP header included: `auto` (what the path takes) or at most so many bytes' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l oversize -d 'What is done with a packet that does not fit and is no TCP of an interface\'s making. Default: split' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l stat-duration -d 'How often statistics are printed, such as `30s`; `0` for never. Default: 30s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l rate-cap -d 'Send at most so many bits a second, such as `100mbit`; over it whole connections are left out for a while' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l memory-limit -d 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup\'s limit, at most 64 MiB' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l cpu-limit -d 'How many CPUs may be used, such as `0.05`: packets wait, and are dropped, rather than that more is used' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l listen -d 'Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l config -d 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand forward" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l listen -d 'Where mirrors send to: an address of this machine, with a port unless it is 4789; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l vni -d 'Only this VXLAN network; repeatable. Default: all' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l to-interface -d 'Send the frames out of this interface as well, for another analyser; takes CAP_NET_RAW' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l health-listen -d 'Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l filter -d 'Only packets that this pcap-filter(7) expression accepts' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l host-allow -d 'Only transactions with hosts in which this regular expression is found, whatever the case; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l path-allow -d 'Only transactions with paths in which this regular expression is found; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l host-exclusions -d 'No transactions with hosts in which this regular expression is found, whatever is allowed; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l path-exclusions -d 'No transactions with paths in which this regular expression is found, whatever is allowed; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l export -d 'Where records go: `ndjson:-`, `ndjson:PATH` (added to), `otlp:URL`, `har:DIR`, `pcapng:PATH` (overwritten) or `none`; repeatable' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l rotate-size -d 'Begin another pcapng file when one has this size: PATH_00001_20261121040000.pcapng, and so on' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l rotate-interval -d 'Begin another pcapng file when packets have been added to one for so long, such as `1h`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l rotate-files -d 'Keep so many files, and delete older ones of this run. Default: all' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l trace-export-interval -d 'How often records leave, between 1s and 60s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l otlp-headers-file -d 'A file of header fields for every OTLP receiver that is named, a `Name: value` a line. Besides, OTEL_EXPORTER_OTLP_HEADERS is heeded' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l otlp-ca -d 'Trust these certificate authorities (PEM), besides the system\'s' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l service-name -d 'The name of the service whose traffic this is. Default: OTEL_SERVICE_NAME, else what ECS says' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l spool-dir -d 'Keep what a receiver does not take in files in this directory, at most for an hour. Each has its own in there' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l spool-size -d 'How much the directory may hold for each receiver' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l satellite-url -d 'Send HTTP transactions that are served here to this satellite, besides `--export`. Experimental: its format is inferred. It takes `--levo-env` and `--levoai-org-id`, too' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l levo-env -d 'The environment that the satellite shows them under, such as `staging`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l levoai-org-id -d 'The organisation at Levo that they belong to' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l rate-limit -d 'Transactions a minute that are reported one by one: a number, or `unlimited`. Each endpoint gets a fair share, and what is new or fails comes first; metrics are always exact. Default: 1000 where `capture` listens, no limit for files and for `collect`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l bytes-per-minute -d 'Bytes of transactions a minute, about: beyond that bodies are left out first. Default: 2MiB with a rate limit' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l privacy-level -d 'How much leaves: `metadata` no value that anybody entered; `schema` and of what types values are; `redacted` values and bodies in which nothing personal or secret was found; `full` all but credentials' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l privacy-acknowledge -d 'Why `--privacy-level full` is needed, such as the name of a ticket; it is told at the start' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l privacy-expires -d 'When `--privacy-level full` ends and `redacted` begins, at most 7 days ahead: `2026-12-31T12:00:00Z`' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l allow-header -d 'A header field whose values are shown besides the harmless ones; repeatable. Credentials never are' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l route -d 'A path template such as `/users/{id}/cards`; repeatable. Others are found out' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l trace-context -d 'Whether records continue the traces that requests name: `join` them, `link` to them, `off`, or `auto`: join where nobody else does' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l max-http-length -d 'Bytes of a body that are looked at: at most 16KiB, with `full` 64KiB, which are the defaults' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l cpu-limit -d 'How many CPUs may be used, such as `0.05`. Packets of interfaces wait, and are dropped, rather than that more is used. Where more goes on being needed, bodies are left out, then the rate limit is lowered, then only some connections are read; mirrored packets, too' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l openapi -d 'Write an OpenAPI 3.1 document of what was seen to this file, once a minute and at the end' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l egress-report -d 'Write the sites that were talked to to this file, once a minute and at the end: as text, or as its ending says `.json` or `.csv`' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l memory-limit -d 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup\'s limit, at most 64 MiB' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l stream-timeout-seconds -d 'How long bytes are waited for that nobody has acknowledged' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l stat-duration -d 'How often statistics are printed while listening, such as `30s`; `0` for never' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l config -d 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it' -r -F
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand collect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l address -d 'Who is asked. Default: SIDETAP_LISTEN, else SIDETAP_HEALTH_LISTEN, else 127.0.0.1:9464' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand configuration" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand completions" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand man" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l profile -d 'AWS profile; beats credentials in the environment' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l region -d 'AWS region; else the environment\'s, else the profile\'s' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l endpoint-url -d 'Send AWS requests here, such as to a test server' -r
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l output -d 'How results are written' -r -f -a "text\t''
json\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l color -d 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -l no-input -d 'Never ask; a missing value is an error'
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -s v -l verbose -d 'Say more: AWS calls, and with -vv how credentials are found'
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -s q -l quiet -d 'Say only who and where, results and errors'
complete -c sidetap -n "__fish_sidetap_using_subcommand exit-codes" -s h -l help -d 'Print help'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "list" -d 'List clusters, services or task definitions'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "inject" -d 'Add a sidecar to a task definition, in a file or on ECS'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "apply" -d 'Carry out a plan that `--out` saved, or stop if what it was made from has changed'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "remove" -d 'Take sidecars out of a task definition, in a file or on ECS'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "policy" -d 'Print the least IAM policy that commands need, without calling AWS'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "doctor" -d 'Find out why a sidecar would not start, or why nothing arrives from it'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "rollback" -d 'Return a service to the revision that it ran before sidetap changed it'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "status" -d 'Show where sidecars run, and whether they still are what sidetap put in'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "capture" -d 'Turn packets into HTTP transactions'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "forward" -d 'Send packets to collectors over VXLAN'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "collect" -d 'Turn mirrored packets into HTTP transactions'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "health" -d 'Tell whether a sidetap that runs on this host lives'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "configuration" -d 'List the settings of configuration files, as tables in Markdown'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "man" -d 'Write manual pages, one a command, into a directory'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "exit-codes" -d 'List the exit codes and what they mean'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and not __fish_seen_subcommand_from list inject apply remove policy doctor rollback status capture forward collect health configuration completions man exit-codes help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and __fish_seen_subcommand_from list" -f -a "clusters" -d 'List the clusters of the region'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and __fish_seen_subcommand_from list" -f -a "services" -d 'List the services of a cluster, and what can be done with them'
complete -c sidetap -n "__fish_sidetap_using_subcommand help; and __fish_seen_subcommand_from list" -f -a "task-definitions" -d 'List the families of task definitions that have an active revision'
