
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'sidetap' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'sidetap'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'sidetap' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List clusters, services or task definitions')
            [CompletionResult]::new('inject', 'inject', [CompletionResultType]::ParameterValue, 'Add a sidecar to a task definition, in a file or on ECS')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Carry out a plan that `--out` saved, or stop if what it was made from has changed')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take sidecars out of a task definition, in a file or on ECS')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Print the least IAM policy that commands need, without calling AWS')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out why a sidecar would not start, or why nothing arrives from it')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Return a service to the revision that it ran before sidetap changed it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show where sidecars run, and whether they still are what sidetap put in')
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Turn packets into HTTP transactions')
            [CompletionResult]::new('forward', 'forward', [CompletionResultType]::ParameterValue, 'Send packets to collectors over VXLAN')
            [CompletionResult]::new('collect', 'collect', [CompletionResultType]::ParameterValue, 'Turn mirrored packets into HTTP transactions')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Tell whether a sidetap that runs on this host lives')
            [CompletionResult]::new('configuration', 'configuration', [CompletionResultType]::ParameterValue, 'List the settings of configuration files, as tables in Markdown')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write manual pages, one a command, into a directory')
            [CompletionResult]::new('exit-codes', 'exit-codes', [CompletionResultType]::ParameterValue, 'List the exit codes and what they mean')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sidetap;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('clusters', 'clusters', [CompletionResultType]::ParameterValue, 'List the clusters of the region')
            [CompletionResult]::new('services', 'services', [CompletionResultType]::ParameterValue, 'List the services of a cluster, and what can be done with them')
            [CompletionResult]::new('task-definitions', 'task-definitions', [CompletionResultType]::ParameterValue, 'List the families of task definitions that have an active revision')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sidetap;list;clusters' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;list;services' {
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster, by name or ARN')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;list;task-definitions' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;list;help' {
            [CompletionResult]::new('clusters', 'clusters', [CompletionResultType]::ParameterValue, 'List the clusters of the region')
            [CompletionResult]::new('services', 'services', [CompletionResultType]::ParameterValue, 'List the services of a cluster, and what can be done with them')
            [CompletionResult]::new('task-definitions', 'task-definitions', [CompletionResultType]::ParameterValue, 'List the families of task definitions that have an active revision')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sidetap;list;help;clusters' {
            break
        }
        'sidetap;list;help;services' {
            break
        }
        'sidetap;list;help;task-definitions' {
            break
        }
        'sidetap;list;help;help' {
            break
        }
        'sidetap;inject' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A task definition in a file, or - for standard input; needs no AWS account')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The services'' cluster, by name or ARN')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'A service, by name or ARN; repeatable')
            [CompletionResult]::new('--service-tag', '--service-tag', [CompletionResultType]::ParameterName, 'Of all services, only those with this tag; repeatable')
            [CompletionResult]::new('--exclude-service', '--exclude-service', [CompletionResultType]::ParameterName, 'Of all services, not this one, by name or a pattern with * and ?; repeatable')
            [CompletionResult]::new('--task-definition', '--task-definition', [CompletionResultType]::ParameterName, 'A task definition on ECS; registers a revision and touches no service')
            [CompletionResult]::new('--sidecar', '--sidecar', [CompletionResultType]::ParameterName, 'sensor, forwarder, levo, traceable, or the path of a container definition in JSON (- for standard input)')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The sidecar''s image; sensor and forwarder need it')
            [CompletionResult]::new('--container-name', '--container-name', [CompletionResultType]::ParameterName, 'The name of the sidecar''s container')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'An environment variable of the sidecar; repeatable')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'An environment variable from Secrets Manager or the SSM parameter store; repeatable')
            [CompletionResult]::new('--essential', '--essential', [CompletionResultType]::ParameterName, 'Whether the task stops when the sidecar does')
            [CompletionResult]::new('--log-group', '--log-group', [CompletionResultType]::ParameterName, 'The CloudWatch log group [default: the application''s]')
            [CompletionResult]::new('--log-region', '--log-region', [CompletionResultType]::ParameterName, 'The log group''s region')
            [CompletionResult]::new('--log-stream-prefix', '--log-stream-prefix', [CompletionResultType]::ParameterName, 'The prefix of the log stream')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'sensor: where records go, as ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; repeatable')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'sensor: which packets, as a pcap-filter expression')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'sensor, levo: transactions a minute')
            [CompletionResult]::new('--destination', '--destination', [CompletionResultType]::ParameterName, 'forwarder, traceable: where packets go')
            [CompletionResult]::new('--bpf-filter', '--bpf-filter', [CompletionResultType]::ParameterName, 'forwarder, traceable: which packets, as a pcap-filter expression')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'forwarder, traceable: the interface, or any')
            [CompletionResult]::new('--mtu', '--mtu', [CompletionResultType]::ParameterName, 'forwarder, traceable: the largest packet in bytes; forwarder also: auto')
            [CompletionResult]::new('--stat-duration', '--stat-duration', [CompletionResultType]::ParameterName, 'forwarder, traceable: seconds between two lines of statistics')
            [CompletionResult]::new('--satellite-url', '--satellite-url', [CompletionResultType]::ParameterName, 'levo: the satellite')
            [CompletionResult]::new('--levo-env', '--levo-env', [CompletionResultType]::ParameterName, 'levo: the application environment, such as staging')
            [CompletionResult]::new('--levoai-org-id', '--levoai-org-id', [CompletionResultType]::ParameterName, 'levo: the organisation')
            [CompletionResult]::new('--cpu-percentage-limit', '--cpu-percentage-limit', [CompletionResultType]::ParameterName, 'Percent of the task''s CPU [default: 5]')
            [CompletionResult]::new('--memory-percentage-limit', '--memory-percentage-limit', [CompletionResultType]::ParameterName, 'Percent of the task''s memory [default: 5]')
            [CompletionResult]::new('--cpu', '--cpu', [CompletionResultType]::ParameterName, 'CPU units; 1024 are one vCPU')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Memory in MiB')
            [CompletionResult]::new('--take-from', '--take-from', [CompletionResultType]::ParameterName, 'Take the share out of this container''s CPU and memory; repeatable: of several, the first that a task has and that has enough to give')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Save the plan for `sidetap apply`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a deployment is watched')
            [CompletionResult]::new('--max-parallel', '--max-parallel', [CompletionResultType]::ParameterName, 'Deployments at once')
            [CompletionResult]::new('--emit', '--emit', [CompletionResultType]::ParameterName, 'Print what to put into a template or configuration instead, and change nothing')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--all-services', '--all-services', [CompletionResultType]::ParameterName, 'All services of the cluster')
            [CompletionResult]::new('--no-log', '--no-log', [CompletionResultType]::ParameterName, 'Give the sidecar no log, whatever the application has')
            [CompletionResult]::new('--low-resource', '--low-resource', [CompletionResultType]::ParameterName, 'sensor, levo: the profile for tight tasks: 100 transactions a minute, bodies to 1 MB')
            [CompletionResult]::new('--grow-task', '--grow-task', [CompletionResultType]::ParameterName, 'Move to the next valid task size if the sidecar does not fit')
            [CompletionResult]::new('--best-effort', '--best-effort', [CompletionResultType]::ParameterName, 'Reserve nothing; limit the sidecar''s memory, and the CPU of sensor and forwarder to 5 % of the task''s')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the plan and change nothing')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit with 2 if there are changes to make')
            [CompletionResult]::new('--include-schedules', '--include-schedules', [CompletionResultType]::ParameterName, 'Point EventBridge rules and schedules that name the base revision at the new one')
            [CompletionResult]::new('--show-values', '--show-values', [CompletionResultType]::ParameterName, 'Show the values of environment variables in the diff')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before the change is made')
            [CompletionResult]::new('--register-only', '--register-only', [CompletionResultType]::ParameterName, 'Register revisions and leave the services alone')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not watch the deployments')
            [CompletionResult]::new('--auto-rollback', '--auto-rollback', [CompletionResultType]::ParameterName, 'Return to the revision before when a deployment fails or times out')
            [CompletionResult]::new('--keep-going', '--keep-going', [CompletionResultType]::ParameterName, 'Go on with the other services after a failure')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'With --file: change the file instead of printing')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;apply' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a deployment is watched')
            [CompletionResult]::new('--max-parallel', '--max-parallel', [CompletionResultType]::ParameterName, 'Deployments at once')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--show-values', '--show-values', [CompletionResultType]::ParameterName, 'Show the values of environment variables in the diff')
            [CompletionResult]::new('--retry-failed', '--retry-failed', [CompletionResultType]::ParameterName, 'Update services again that an earlier run of the plan updated and that went back')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before the change is made')
            [CompletionResult]::new('--register-only', '--register-only', [CompletionResultType]::ParameterName, 'Register revisions and leave the services alone')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not watch the deployments')
            [CompletionResult]::new('--auto-rollback', '--auto-rollback', [CompletionResultType]::ParameterName, 'Return to the revision before when a deployment fails or times out')
            [CompletionResult]::new('--keep-going', '--keep-going', [CompletionResultType]::ParameterName, 'Go on with the other services after a failure')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;remove' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A task definition in a file, or - for standard input; needs no AWS account')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The services'' cluster, by name or ARN')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'A service, by name or ARN; repeatable')
            [CompletionResult]::new('--service-tag', '--service-tag', [CompletionResultType]::ParameterName, 'Of all services, only those with this tag; repeatable')
            [CompletionResult]::new('--exclude-service', '--exclude-service', [CompletionResultType]::ParameterName, 'Of all services, not this one, by name or a pattern with * and ?; repeatable')
            [CompletionResult]::new('--task-definition', '--task-definition', [CompletionResultType]::ParameterName, 'A task definition on ECS; registers a revision and touches no service')
            [CompletionResult]::new('--sidecar', '--sidecar', [CompletionResultType]::ParameterName, 'Only these sidecars; also a vendor''s that was pasted by hand [default: all that sidetap put in]')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Save the plan for `sidetap apply`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a deployment is watched')
            [CompletionResult]::new('--max-parallel', '--max-parallel', [CompletionResultType]::ParameterName, 'Deployments at once')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--all-services', '--all-services', [CompletionResultType]::ParameterName, 'All services of the cluster')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the plan and change nothing')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit with 2 if there are changes to make')
            [CompletionResult]::new('--include-schedules', '--include-schedules', [CompletionResultType]::ParameterName, 'Point EventBridge rules and schedules that name the base revision at the new one')
            [CompletionResult]::new('--show-values', '--show-values', [CompletionResultType]::ParameterName, 'Show the values of environment variables in the diff')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before the change is made')
            [CompletionResult]::new('--register-only', '--register-only', [CompletionResultType]::ParameterName, 'Register revisions and leave the services alone')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not watch the deployments')
            [CompletionResult]::new('--auto-rollback', '--auto-rollback', [CompletionResultType]::ParameterName, 'Return to the revision before when a deployment fails or times out')
            [CompletionResult]::new('--keep-going', '--keep-going', [CompletionResultType]::ParameterName, 'Go on with the other services after a failure')
            [CompletionResult]::new('--in-place', '--in-place', [CompletionResultType]::ParameterName, 'With --file: change the file instead of printing')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;policy' {
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'Only for this cluster, by name or ARN')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'Only in this account')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--include-schedules', '--include-schedules', [CompletionResultType]::ParameterName, 'Also what `--include-schedules` needs')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;doctor' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'A task definition in a file, or - for standard input; needs no AWS account')
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The services'' cluster, by name or ARN')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'A service, by name or ARN; repeatable')
            [CompletionResult]::new('--service-tag', '--service-tag', [CompletionResultType]::ParameterName, 'Of all services, only those with this tag; repeatable')
            [CompletionResult]::new('--exclude-service', '--exclude-service', [CompletionResultType]::ParameterName, 'Of all services, not this one, by name or a pattern with * and ?; repeatable')
            [CompletionResult]::new('--task-definition', '--task-definition', [CompletionResultType]::ParameterName, 'A task definition on ECS; registers a revision and touches no service')
            [CompletionResult]::new('--sidecar', '--sidecar', [CompletionResultType]::ParameterName, 'sensor, forwarder, levo, traceable, or the path of a container definition in JSON (- for standard input)')
            [CompletionResult]::new('--image', '--image', [CompletionResultType]::ParameterName, 'The sidecar''s image; sensor and forwarder need it')
            [CompletionResult]::new('--container-name', '--container-name', [CompletionResultType]::ParameterName, 'The name of the sidecar''s container')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'An environment variable of the sidecar; repeatable')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'An environment variable from Secrets Manager or the SSM parameter store; repeatable')
            [CompletionResult]::new('--essential', '--essential', [CompletionResultType]::ParameterName, 'Whether the task stops when the sidecar does')
            [CompletionResult]::new('--log-group', '--log-group', [CompletionResultType]::ParameterName, 'The CloudWatch log group [default: the application''s]')
            [CompletionResult]::new('--log-region', '--log-region', [CompletionResultType]::ParameterName, 'The log group''s region')
            [CompletionResult]::new('--log-stream-prefix', '--log-stream-prefix', [CompletionResultType]::ParameterName, 'The prefix of the log stream')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'sensor: where records go, as ndjson:-, ndjson:PATH, har:DIR, otlp:URL, pcapng:PATH or none; repeatable')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'sensor: which packets, as a pcap-filter expression')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'sensor, levo: transactions a minute')
            [CompletionResult]::new('--destination', '--destination', [CompletionResultType]::ParameterName, 'forwarder, traceable: where packets go')
            [CompletionResult]::new('--bpf-filter', '--bpf-filter', [CompletionResultType]::ParameterName, 'forwarder, traceable: which packets, as a pcap-filter expression')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'forwarder, traceable: the interface, or any')
            [CompletionResult]::new('--mtu', '--mtu', [CompletionResultType]::ParameterName, 'forwarder, traceable: the largest packet in bytes; forwarder also: auto')
            [CompletionResult]::new('--stat-duration', '--stat-duration', [CompletionResultType]::ParameterName, 'forwarder, traceable: seconds between two lines of statistics')
            [CompletionResult]::new('--satellite-url', '--satellite-url', [CompletionResultType]::ParameterName, 'levo: the satellite')
            [CompletionResult]::new('--levo-env', '--levo-env', [CompletionResultType]::ParameterName, 'levo: the application environment, such as staging')
            [CompletionResult]::new('--levoai-org-id', '--levoai-org-id', [CompletionResultType]::ParameterName, 'levo: the organisation')
            [CompletionResult]::new('--cpu-percentage-limit', '--cpu-percentage-limit', [CompletionResultType]::ParameterName, 'Percent of the task''s CPU [default: 5]')
            [CompletionResult]::new('--memory-percentage-limit', '--memory-percentage-limit', [CompletionResultType]::ParameterName, 'Percent of the task''s memory [default: 5]')
            [CompletionResult]::new('--cpu', '--cpu', [CompletionResultType]::ParameterName, 'CPU units; 1024 are one vCPU')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Memory in MiB')
            [CompletionResult]::new('--take-from', '--take-from', [CompletionResultType]::ParameterName, 'Take the share out of this container''s CPU and memory; repeatable: of several, the first that a task has and that has enough to give')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--all-services', '--all-services', [CompletionResultType]::ParameterName, 'All services of the cluster')
            [CompletionResult]::new('--no-log', '--no-log', [CompletionResultType]::ParameterName, 'Give the sidecar no log, whatever the application has')
            [CompletionResult]::new('--low-resource', '--low-resource', [CompletionResultType]::ParameterName, 'sensor, levo: the profile for tight tasks: 100 transactions a minute, bodies to 1 MB')
            [CompletionResult]::new('--grow-task', '--grow-task', [CompletionResultType]::ParameterName, 'Move to the next valid task size if the sidecar does not fit')
            [CompletionResult]::new('--best-effort', '--best-effort', [CompletionResultType]::ParameterName, 'Reserve nothing; limit the sidecar''s memory, and the CPU of sensor and forwarder to 5 % of the task''s')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;rollback' {
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The service''s cluster, by name or ARN')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'The service, by name or ARN')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long the service is watched')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the way back and change nothing')
            [CompletionResult]::new('--show-values', '--show-values', [CompletionResultType]::ParameterName, 'Show the values of environment variables in the diff')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before the service is changed')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Do not watch the service')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;status' {
            [CompletionResult]::new('--cluster', '--cluster', [CompletionResultType]::ParameterName, 'The cluster, by name or ARN [default: all]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'A service of the cluster, by name or ARN; repeatable [default: all]')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Look again and again, until Ctrl-C')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;capture' {
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Listen on this interface, or on `any`; repeatable. Default: every interface that is up')
            [CompletionResult]::new('--read', '--read', [CompletionResultType]::ParameterName, 'Read a capture file (pcap or pcapng, gzipped or not) instead; `-` is standard input')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer health checks and serve metrics over HTTP here while listening on interfaces: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Only packets that this pcap-filter(7) expression accepts')
            [CompletionResult]::new('--host-allow', '--host-allow', [CompletionResultType]::ParameterName, 'Only transactions with hosts in which this regular expression is found, whatever the case; repeatable')
            [CompletionResult]::new('--path-allow', '--path-allow', [CompletionResultType]::ParameterName, 'Only transactions with paths in which this regular expression is found; repeatable')
            [CompletionResult]::new('--host-exclusions', '--host-exclusions', [CompletionResultType]::ParameterName, 'No transactions with hosts in which this regular expression is found, whatever is allowed; repeatable')
            [CompletionResult]::new('--path-exclusions', '--path-exclusions', [CompletionResultType]::ParameterName, 'No transactions with paths in which this regular expression is found, whatever is allowed; repeatable')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Where records go: `ndjson:-`, `ndjson:PATH` (added to), `otlp:URL`, `har:DIR`, `pcapng:PATH` (overwritten) or `none`; repeatable')
            [CompletionResult]::new('--rotate-size', '--rotate-size', [CompletionResultType]::ParameterName, 'Begin another pcapng file when one has this size: PATH_00001_20261121040000.pcapng, and so on')
            [CompletionResult]::new('--rotate-interval', '--rotate-interval', [CompletionResultType]::ParameterName, 'Begin another pcapng file when packets have been added to one for so long, such as `1h`')
            [CompletionResult]::new('--rotate-files', '--rotate-files', [CompletionResultType]::ParameterName, 'Keep so many files, and delete older ones of this run. Default: all')
            [CompletionResult]::new('--trace-export-interval', '--trace-export-interval', [CompletionResultType]::ParameterName, 'How often records leave, between 1s and 60s')
            [CompletionResult]::new('--otlp-headers-file', '--otlp-headers-file', [CompletionResultType]::ParameterName, 'A file of header fields for every OTLP receiver that is named, a `Name: value` a line. Besides, OTEL_EXPORTER_OTLP_HEADERS is heeded')
            [CompletionResult]::new('--otlp-ca', '--otlp-ca', [CompletionResultType]::ParameterName, 'Trust these certificate authorities (PEM), besides the system''s')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'The name of the service whose traffic this is. Default: OTEL_SERVICE_NAME, else what ECS says')
            [CompletionResult]::new('--spool-dir', '--spool-dir', [CompletionResultType]::ParameterName, 'Keep what a receiver does not take in files in this directory, at most for an hour. Each has its own in there')
            [CompletionResult]::new('--spool-size', '--spool-size', [CompletionResultType]::ParameterName, 'How much the directory may hold for each receiver')
            [CompletionResult]::new('--satellite-url', '--satellite-url', [CompletionResultType]::ParameterName, 'Send HTTP transactions that are served here to this satellite, besides `--export`. Experimental: its format is inferred. It takes `--levo-env` and `--levoai-org-id`, too')
            [CompletionResult]::new('--levo-env', '--levo-env', [CompletionResultType]::ParameterName, 'The environment that the satellite shows them under, such as `staging`')
            [CompletionResult]::new('--levoai-org-id', '--levoai-org-id', [CompletionResultType]::ParameterName, 'The organisation at Levo that they belong to')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Transactions a minute that are reported one by one: a number, or `unlimited`. Each endpoint gets a fair share, and what is new or fails comes first; metrics are always exact. Default: 1000 where `capture` listens, no limit for files and for `collect`')
            [CompletionResult]::new('--bytes-per-minute', '--bytes-per-minute', [CompletionResultType]::ParameterName, 'Bytes of transactions a minute, about: beyond that bodies are left out first. Default: 2MiB with a rate limit')
            [CompletionResult]::new('--privacy-level', '--privacy-level', [CompletionResultType]::ParameterName, 'How much leaves: `metadata` no value that anybody entered; `schema` and of what types values are; `redacted` values and bodies in which nothing personal or secret was found; `full` all but credentials')
            [CompletionResult]::new('--privacy-acknowledge', '--privacy-acknowledge', [CompletionResultType]::ParameterName, 'Why `--privacy-level full` is needed, such as the name of a ticket; it is told at the start')
            [CompletionResult]::new('--privacy-expires', '--privacy-expires', [CompletionResultType]::ParameterName, 'When `--privacy-level full` ends and `redacted` begins, at most 7 days ahead: `2026-12-31T12:00:00Z`')
            [CompletionResult]::new('--allow-header', '--allow-header', [CompletionResultType]::ParameterName, 'A header field whose values are shown besides the harmless ones; repeatable. Credentials never are')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'A path template such as `/users/{id}/cards`; repeatable. Others are found out')
            [CompletionResult]::new('--trace-context', '--trace-context', [CompletionResultType]::ParameterName, 'Whether records continue the traces that requests name: `join` them, `link` to them, `off`, or `auto`: join where nobody else does')
            [CompletionResult]::new('--max-http-length', '--max-http-length', [CompletionResultType]::ParameterName, 'Bytes of a body that are looked at: at most 16KiB, with `full` 64KiB, which are the defaults')
            [CompletionResult]::new('--cpu-limit', '--cpu-limit', [CompletionResultType]::ParameterName, 'How many CPUs may be used, such as `0.05`. Packets of interfaces wait, and are dropped, rather than that more is used. Where more goes on being needed, bodies are left out, then the rate limit is lowered, then only some connections are read; mirrored packets, too')
            [CompletionResult]::new('--openapi', '--openapi', [CompletionResultType]::ParameterName, 'Write an OpenAPI 3.1 document of what was seen to this file, once a minute and at the end')
            [CompletionResult]::new('--egress-report', '--egress-report', [CompletionResultType]::ParameterName, 'Write the sites that were talked to to this file, once a minute and at the end: as text, or as its ending says `.json` or `.csv`')
            [CompletionResult]::new('--memory-limit', '--memory-limit', [CompletionResultType]::ParameterName, 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup''s limit, at most 64 MiB')
            [CompletionResult]::new('--stream-timeout-seconds', '--stream-timeout-seconds', [CompletionResultType]::ParameterName, 'How long bytes are waited for that nobody has acknowledged')
            [CompletionResult]::new('--stat-duration', '--stat-duration', [CompletionResultType]::ParameterName, 'How often statistics are printed while listening, such as `30s`; `0` for never')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it')
            [CompletionResult]::new('--randomized-start', '--randomized-start', [CompletionResultType]::ParameterName, 'randomized-start')
            [CompletionResult]::new('--sample-rate', '--sample-rate', [CompletionResultType]::ParameterName, 'sample-rate')
            [CompletionResult]::new('--gopacket-pages', '--gopacket-pages', [CompletionResultType]::ParameterName, 'gopacket-pages')
            [CompletionResult]::new('--gopacket-per-conn', '--gopacket-per-conn', [CompletionResultType]::ParameterName, 'gopacket-per-conn')
            [CompletionResult]::new('--levoai-workspace-id', '--levoai-workspace-id', [CompletionResultType]::ParameterName, 'levoai-workspace-id')
            [CompletionResult]::new('--max-witness-size-bytes', '--max-witness-size-bytes', [CompletionResultType]::ParameterName, 'max-witness-size-bytes')
            [CompletionResult]::new('--max-witness-upload-buffers', '--max-witness-upload-buffers', [CompletionResultType]::ParameterName, 'max-witness-upload-buffers')
            [CompletionResult]::new('--proc-polling-interval', '--proc-polling-interval', [CompletionResultType]::ParameterName, 'proc-polling-interval')
            [CompletionResult]::new('--stats-log-delay', '--stats-log-delay', [CompletionResultType]::ParameterName, 'stats-log-delay')
            [CompletionResult]::new('--tags', '--tags', [CompletionResultType]::ParameterName, 'tags')
            [CompletionResult]::new('--telemetry-interval', '--telemetry-interval', [CompletionResultType]::ParameterName, 'telemetry-interval')
            [CompletionResult]::new('--trace-rotate', '--trace-rotate', [CompletionResultType]::ParameterName, 'trace-rotate')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'debug')
            [CompletionResult]::new('--parse-tls-handshakes', '--parse-tls-handshakes', [CompletionResultType]::ParameterName, 'parse-tls-handshakes')
            [CompletionResult]::new('--report-tcp-and-tls', '--report-tcp-and-tls', [CompletionResultType]::ParameterName, 'report-tcp-and-tls')
            [CompletionResult]::new('--repro-mode', '--repro-mode', [CompletionResultType]::ParameterName, 'repro-mode')
            [CompletionResult]::new('--send-witness-payloads', '--send-witness-payloads', [CompletionResultType]::ParameterName, 'send-witness-payloads')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--privacy-report', '--privacy-report', [CompletionResultType]::ParameterName, 'With `--read`: send and write nothing, but print what would leave: of each endpoint which header fields, parameters and bodies, and what is kept back')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;forward' {
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Listen on this interface, or on `any`; repeatable. Default: every interface that is up')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Only packets that this pcap-filter(7) expression accepts')
            [CompletionResult]::new('--destination', '--destination', [CompletionResultType]::ParameterName, 'Where packets go: a name or an address, and a UDP port if it is not 4789; repeatable')
            [CompletionResult]::new('--vni', '--vni', [CompletionResultType]::ParameterName, 'The VXLAN network identifier. Default: 1')
            [CompletionResult]::new('--mtu', '--mtu', [CompletionResultType]::ParameterName, 'The largest packet that is sent, IP header included: `auto` (what the path takes) or at most so many bytes')
            [CompletionResult]::new('--oversize', '--oversize', [CompletionResultType]::ParameterName, 'What is done with a packet that does not fit and is no TCP of an interface''s making. Default: split')
            [CompletionResult]::new('--stat-duration', '--stat-duration', [CompletionResultType]::ParameterName, 'How often statistics are printed, such as `30s`; `0` for never. Default: 30s')
            [CompletionResult]::new('--rate-cap', '--rate-cap', [CompletionResultType]::ParameterName, 'Send at most so many bits a second, such as `100mbit`; over it whole connections are left out for a while')
            [CompletionResult]::new('--memory-limit', '--memory-limit', [CompletionResultType]::ParameterName, 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup''s limit, at most 64 MiB')
            [CompletionResult]::new('--cpu-limit', '--cpu-limit', [CompletionResultType]::ParameterName, 'How many CPUs may be used, such as `0.05`: packets wait, and are dropped, rather than that more is used')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;collect' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where mirrors send to: an address of this machine, with a port unless it is 4789; repeatable')
            [CompletionResult]::new('--vni', '--vni', [CompletionResultType]::ParameterName, 'Only this VXLAN network; repeatable. Default: all')
            [CompletionResult]::new('--to-interface', '--to-interface', [CompletionResultType]::ParameterName, 'Send the frames out of this interface as well, for another analyser; takes CAP_NET_RAW')
            [CompletionResult]::new('--health-listen', '--health-listen', [CompletionResultType]::ParameterName, 'Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless another is named. Default: nowhere')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Only packets that this pcap-filter(7) expression accepts')
            [CompletionResult]::new('--host-allow', '--host-allow', [CompletionResultType]::ParameterName, 'Only transactions with hosts in which this regular expression is found, whatever the case; repeatable')
            [CompletionResult]::new('--path-allow', '--path-allow', [CompletionResultType]::ParameterName, 'Only transactions with paths in which this regular expression is found; repeatable')
            [CompletionResult]::new('--host-exclusions', '--host-exclusions', [CompletionResultType]::ParameterName, 'No transactions with hosts in which this regular expression is found, whatever is allowed; repeatable')
            [CompletionResult]::new('--path-exclusions', '--path-exclusions', [CompletionResultType]::ParameterName, 'No transactions with paths in which this regular expression is found, whatever is allowed; repeatable')
            [CompletionResult]::new('--export', '--export', [CompletionResultType]::ParameterName, 'Where records go: `ndjson:-`, `ndjson:PATH` (added to), `otlp:URL`, `har:DIR`, `pcapng:PATH` (overwritten) or `none`; repeatable')
            [CompletionResult]::new('--rotate-size', '--rotate-size', [CompletionResultType]::ParameterName, 'Begin another pcapng file when one has this size: PATH_00001_20261121040000.pcapng, and so on')
            [CompletionResult]::new('--rotate-interval', '--rotate-interval', [CompletionResultType]::ParameterName, 'Begin another pcapng file when packets have been added to one for so long, such as `1h`')
            [CompletionResult]::new('--rotate-files', '--rotate-files', [CompletionResultType]::ParameterName, 'Keep so many files, and delete older ones of this run. Default: all')
            [CompletionResult]::new('--trace-export-interval', '--trace-export-interval', [CompletionResultType]::ParameterName, 'How often records leave, between 1s and 60s')
            [CompletionResult]::new('--otlp-headers-file', '--otlp-headers-file', [CompletionResultType]::ParameterName, 'A file of header fields for every OTLP receiver that is named, a `Name: value` a line. Besides, OTEL_EXPORTER_OTLP_HEADERS is heeded')
            [CompletionResult]::new('--otlp-ca', '--otlp-ca', [CompletionResultType]::ParameterName, 'Trust these certificate authorities (PEM), besides the system''s')
            [CompletionResult]::new('--service-name', '--service-name', [CompletionResultType]::ParameterName, 'The name of the service whose traffic this is. Default: OTEL_SERVICE_NAME, else what ECS says')
            [CompletionResult]::new('--spool-dir', '--spool-dir', [CompletionResultType]::ParameterName, 'Keep what a receiver does not take in files in this directory, at most for an hour. Each has its own in there')
            [CompletionResult]::new('--spool-size', '--spool-size', [CompletionResultType]::ParameterName, 'How much the directory may hold for each receiver')
            [CompletionResult]::new('--satellite-url', '--satellite-url', [CompletionResultType]::ParameterName, 'Send HTTP transactions that are served here to this satellite, besides `--export`. Experimental: its format is inferred. It takes `--levo-env` and `--levoai-org-id`, too')
            [CompletionResult]::new('--levo-env', '--levo-env', [CompletionResultType]::ParameterName, 'The environment that the satellite shows them under, such as `staging`')
            [CompletionResult]::new('--levoai-org-id', '--levoai-org-id', [CompletionResultType]::ParameterName, 'The organisation at Levo that they belong to')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Transactions a minute that are reported one by one: a number, or `unlimited`. Each endpoint gets a fair share, and what is new or fails comes first; metrics are always exact. Default: 1000 where `capture` listens, no limit for files and for `collect`')
            [CompletionResult]::new('--bytes-per-minute', '--bytes-per-minute', [CompletionResultType]::ParameterName, 'Bytes of transactions a minute, about: beyond that bodies are left out first. Default: 2MiB with a rate limit')
            [CompletionResult]::new('--privacy-level', '--privacy-level', [CompletionResultType]::ParameterName, 'How much leaves: `metadata` no value that anybody entered; `schema` and of what types values are; `redacted` values and bodies in which nothing personal or secret was found; `full` all but credentials')
            [CompletionResult]::new('--privacy-acknowledge', '--privacy-acknowledge', [CompletionResultType]::ParameterName, 'Why `--privacy-level full` is needed, such as the name of a ticket; it is told at the start')
            [CompletionResult]::new('--privacy-expires', '--privacy-expires', [CompletionResultType]::ParameterName, 'When `--privacy-level full` ends and `redacted` begins, at most 7 days ahead: `2026-12-31T12:00:00Z`')
            [CompletionResult]::new('--allow-header', '--allow-header', [CompletionResultType]::ParameterName, 'A header field whose values are shown besides the harmless ones; repeatable. Credentials never are')
            [CompletionResult]::new('--route', '--route', [CompletionResultType]::ParameterName, 'A path template such as `/users/{id}/cards`; repeatable. Others are found out')
            [CompletionResult]::new('--trace-context', '--trace-context', [CompletionResultType]::ParameterName, 'Whether records continue the traces that requests name: `join` them, `link` to them, `off`, or `auto`: join where nobody else does')
            [CompletionResult]::new('--max-http-length', '--max-http-length', [CompletionResultType]::ParameterName, 'Bytes of a body that are looked at: at most 16KiB, with `full` 64KiB, which are the defaults')
            [CompletionResult]::new('--cpu-limit', '--cpu-limit', [CompletionResultType]::ParameterName, 'How many CPUs may be used, such as `0.05`. Packets of interfaces wait, and are dropped, rather than that more is used. Where more goes on being needed, bodies are left out, then the rate limit is lowered, then only some connections are read; mirrored packets, too')
            [CompletionResult]::new('--openapi', '--openapi', [CompletionResultType]::ParameterName, 'Write an OpenAPI 3.1 document of what was seen to this file, once a minute and at the end')
            [CompletionResult]::new('--egress-report', '--egress-report', [CompletionResultType]::ParameterName, 'Write the sites that were talked to to this file, once a minute and at the end: as text, or as its ending says `.json` or `.csv`')
            [CompletionResult]::new('--memory-limit', '--memory-limit', [CompletionResultType]::ParameterName, 'Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup''s limit, at most 64 MiB')
            [CompletionResult]::new('--stream-timeout-seconds', '--stream-timeout-seconds', [CompletionResultType]::ParameterName, 'How long bytes are waited for that nobody has acknowledged')
            [CompletionResult]::new('--stat-duration', '--stat-duration', [CompletionResultType]::ParameterName, 'How often statistics are printed while listening, such as `30s`; `0` for never')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Take settings from this TOML file, in which each flag has a key of its name. Flags and variables beat it')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;health' {
            [CompletionResult]::new('--address', '--address', [CompletionResultType]::ParameterName, 'Who is asked. Default: SIDETAP_LISTEN, else SIDETAP_HEALTH_LISTEN, else 127.0.0.1:9464')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'sidetap;configuration' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;completions' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;man' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;exit-codes' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'AWS profile; beats credentials in the environment')
            [CompletionResult]::new('--region', '--region', [CompletionResultType]::ParameterName, 'AWS region; else the environment''s, else the profile''s')
            [CompletionResult]::new('--endpoint-url', '--endpoint-url', [CompletionResultType]::ParameterName, 'Send AWS requests here, such as to a test server')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR and CLICOLOR_FORCE count, too')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask; a missing value is an error')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: AWS calls, and with -vv how credentials are found')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say only who and where, results and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'sidetap;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List clusters, services or task definitions')
            [CompletionResult]::new('inject', 'inject', [CompletionResultType]::ParameterValue, 'Add a sidecar to a task definition, in a file or on ECS')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Carry out a plan that `--out` saved, or stop if what it was made from has changed')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take sidecars out of a task definition, in a file or on ECS')
            [CompletionResult]::new('policy', 'policy', [CompletionResultType]::ParameterValue, 'Print the least IAM policy that commands need, without calling AWS')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out why a sidecar would not start, or why nothing arrives from it')
            [CompletionResult]::new('rollback', 'rollback', [CompletionResultType]::ParameterValue, 'Return a service to the revision that it ran before sidetap changed it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show where sidecars run, and whether they still are what sidetap put in')
            [CompletionResult]::new('capture', 'capture', [CompletionResultType]::ParameterValue, 'Turn packets into HTTP transactions')
            [CompletionResult]::new('forward', 'forward', [CompletionResultType]::ParameterValue, 'Send packets to collectors over VXLAN')
            [CompletionResult]::new('collect', 'collect', [CompletionResultType]::ParameterValue, 'Turn mirrored packets into HTTP transactions')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Tell whether a sidetap that runs on this host lives')
            [CompletionResult]::new('configuration', 'configuration', [CompletionResultType]::ParameterValue, 'List the settings of configuration files, as tables in Markdown')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write manual pages, one a command, into a directory')
            [CompletionResult]::new('exit-codes', 'exit-codes', [CompletionResultType]::ParameterValue, 'List the exit codes and what they mean')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'sidetap;help;list' {
            [CompletionResult]::new('clusters', 'clusters', [CompletionResultType]::ParameterValue, 'List the clusters of the region')
            [CompletionResult]::new('services', 'services', [CompletionResultType]::ParameterValue, 'List the services of a cluster, and what can be done with them')
            [CompletionResult]::new('task-definitions', 'task-definitions', [CompletionResultType]::ParameterValue, 'List the families of task definitions that have an active revision')
            break
        }
        'sidetap;help;list;clusters' {
            break
        }
        'sidetap;help;list;services' {
            break
        }
        'sidetap;help;list;task-definitions' {
            break
        }
        'sidetap;help;inject' {
            break
        }
        'sidetap;help;apply' {
            break
        }
        'sidetap;help;remove' {
            break
        }
        'sidetap;help;policy' {
            break
        }
        'sidetap;help;doctor' {
            break
        }
        'sidetap;help;rollback' {
            break
        }
        'sidetap;help;status' {
            break
        }
        'sidetap;help;capture' {
            break
        }
        'sidetap;help;forward' {
            break
        }
        'sidetap;help;collect' {
            break
        }
        'sidetap;help;health' {
            break
        }
        'sidetap;help;configuration' {
            break
        }
        'sidetap;help;completions' {
            break
        }
        'sidetap;help;man' {
            break
        }
        'sidetap;help;exit-codes' {
            break
        }
        'sidetap;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
