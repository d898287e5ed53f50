//! boto3, which we did not write, as a client of the stand-in: it signs as AWS wants it, and reads what it gets.

use standin::{ACCESS_KEY, REGION, SECRET_KEY, Standin};

use crate::support::{Python, task_definition};

const CLIENT: &str = "
import boto3, botocore, os
ecs = boto3.client('ecs')
assert boto3.client('sts').get_caller_identity()['Account'] == '123456789012'
pages = ecs.get_paginator('list_services').paginate(cluster='main', PaginationConfig={'PageSize': 100})
arns = [arn for page in pages for arn in page['serviceArns']]
assert len(arns) == 12, arns
assert len(ecs.list_services(cluster='main')['serviceArns']) == 10
assert len(ecs.describe_services(cluster='main', services=arns[:10])['services']) == 10

def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == code, error
    else:
        raise AssertionError(code)

refused('InvalidParameterException', ecs.describe_services, cluster='main', services=arns[:11])
refused('ClusterNotFoundException', ecs.describe_services, cluster='other', services=['x'])
refused('ClientException', ecs.describe_task_definition, taskDefinition='nope')
old = ecs.describe_task_definition(taskDefinition='s0:1')['taskDefinition']
containers = [dict(old['containerDefinitions'][0], name=f'c{n}') for n in range(11)]
refused('ClientException', ecs.register_task_definition, family='many', containerDefinitions=containers)
new = ecs.register_task_definition(family='s0', networkMode='awsvpc', containerDefinitions=old['containerDefinitions'])
service = ecs.update_service(cluster='main', service='s0', taskDefinition=new['taskDefinition']['taskDefinitionArn'])
assert [d['status'] for d in service['service']['deployments']] == ['PRIMARY', 'ACTIVE']
ecs.get_waiter('services_stable').wait(cluster='main', services=['s0'], WaiterConfig={'Delay': 1})
bad = boto3.client('ecs', aws_secret_access_key='wrong', aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'])
refused('InvalidSignatureException', bad.list_clusters)
print('done')
";

#[test]
fn boto3_gets_from_the_stand_in_what_it_gets_from_aws() {
    let Some(python) = Python::prepared("boto3") else { return };
    let standin = Standin::start();
    for number in 0..12 {
        standin.service("main", &format!("s{number}"), task_definition(&format!("s{number}")));
    }
    let output = python
        .program("python")
        .args(["-c", CLIENT])
        .env("AWS_ENDPOINT_URL", standin.url())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("python runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done", "{}", String::from_utf8_lossy(&output.stderr));
}
