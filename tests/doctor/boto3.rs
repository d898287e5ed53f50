//! boto3, which we did not write, reads what the stand-in answers for the services around ECS.

use super::world::World;
use crate::support::Python;
use standin::{ACCESS_KEY, REGION, SECRET_KEY};

const CLIENT: &str = "
import boto3, botocore, json, urllib.parse
client = boto3.client
ec2, elb, iam, logs, ecr = client('ec2'), client('elbv2'), client('iam'), client('logs'), client('ecr')

def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == code, error
    else:
        raise AssertionError(code)

subnets = ec2.describe_subnets(SubnetIds=['subnet-a', 'subnet-b'])['Subnets']
assert [subnet['CidrBlock'] for subnet in subnets] == ['10.0.1.0/24', '10.0.2.0/24'], subnets
pages = ec2.get_paginator('describe_subnets').paginate(PaginationConfig={'PageSize': 5})
assert [len(page['Subnets']) for page in pages] == [5, 2]
refused('InvalidSubnetID.NotFound', ec2.describe_subnets, SubnetIds=['subnet-z'])
by_vpc = [{'Name': 'vpc-id', 'Values': ['vpc-1']}]
refused('InvalidParameterValue', ec2.describe_subnets, Filters=[{'Name': 'no-such', 'Values': ['x']}])
group = ec2.describe_security_groups(GroupIds=['sg-balancer'])['SecurityGroups'][0]
assert group['IpPermissions'][0]['UserIdGroupPairs'][0]['GroupId'] == 'sg-tasks', group
assert group['IpPermissions'][0]['FromPort'] == 4789, group
assert group['IpPermissionsEgress'][0]['IpRanges'][0]['CidrIp'] == '0.0.0.0/0', group
tables = ec2.describe_route_tables(Filters=by_vpc)['RouteTables']
assert tables[0]['Associations'][0]['Main'] is True, tables
assert [route.get('GatewayId') or route['NatGatewayId'] for route in tables[0]['Routes']] == ['local', 'nat-1'], tables
acl = ec2.describe_network_acls(Filters=by_vpc)['NetworkAcls'][0]
assert len(acl['Entries']) == 4 and acl['Entries'][0]['Egress'] is True and len(acl['Associations']) == 3, acl
filters = [{'Name': 'addresses.private-ip-address', 'Values': ['10.0.9.10']}]
interface = ec2.describe_network_interfaces(Filters=filters)['NetworkInterfaces'][0]
assert interface['Groups'][0]['GroupId'] == 'sg-balancer' and interface['SubnetId'] == 'subnet-c', interface
assert ec2.describe_vpc_endpoints(Filters=by_vpc)['VpcEndpoints'][0]['ServiceName'].endswith('.s3')
entries = ec2.get_managed_prefix_list_entries(PrefixListId='pl-1')['Entries']
assert entries[0]['Cidr'] == '10.0.9.0/24', entries

balancer = elb.describe_load_balancers(Names=['collectors'])['LoadBalancers'][0]
assert balancer['Type'] == 'network' and balancer['SecurityGroups'] == ['sg-balancer'], balancer
refused('LoadBalancerNotFound', elb.describe_load_balancers, Names=['other'])
listener = elb.describe_listeners(LoadBalancerArn=balancer['LoadBalancerArn'])['Listeners'][0]
assert (listener['Protocol'], listener['Port']) == ('UDP', 4789), listener
arn = listener['DefaultActions'][0]['ForwardConfig']['TargetGroups'][0]['TargetGroupArn']
assert elb.describe_target_groups(TargetGroupArns=[arn])['TargetGroups'][0]['TargetType'] == 'ip'
health = elb.describe_target_health(TargetGroupArn=arn)['TargetHealthDescriptions'][0]
assert health['TargetHealth']['State'] == 'healthy' and health['Target']['Port'] == 4789, health

role = iam.get_role(RoleName='execution')['Role']
assert role['AssumeRolePolicyDocument']['Statement'][0]['Principal']['Service'] == 'ecs-tasks.amazonaws.com', role
refused('NoSuchEntity', iam.get_role, RoleName='other')
def decision(action, resource):
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role['Arn'], ActionNames=[action], ResourceArns=[resource],
        ContextEntries=[{'ContextKeyName': 'iam:PassedToService', 'ContextKeyValues': ['c'], 'ContextKeyType': 'string'}])
    assert answer['IsTruncated'] is False
    return answer['EvaluationResults'][0]['EvalDecision']
assert decision('ecr:GetAuthorizationToken', '*') == 'allowed'
assert decision('logs:CreateLogGroup', '*') == 'implicitDeny'
refused('NoSuchEntity', iam.simulate_principal_policy, PolicySourceArn='arn:aws:iam::123456789012:role/x', ActionNames=['a:b'])

groups = logs.describe_log_groups(logGroupNamePrefix='/ecs/web')['logGroups']
assert [group['logGroupName'] for group in groups] == ['/ecs/web', '/ecs/web-admin'], groups
pages = logs.get_paginator('describe_log_groups').paginate(PaginationConfig={'PageSize': 1})
assert sum(len(page['logGroups']) for page in pages) == 2

answer = ecr.batch_get_image(repositoryName='sidetap', imageIds=[{'imageTag': '0.1.0'}, {'imageTag': 'no'}])
assert len(json.loads(answer['images'][0]['imageManifest'])['manifests']) == 2, answer
assert answer['failures'][0]['failureCode'] == 'ImageNotFound', answer
refused('RepositoryNotFoundException', ecr.batch_get_image, repositoryName='other', imageIds=[{'imageTag': 'x'}])
assert ecr.describe_images(repositoryName='sidetap', imageIds=[{'imageTag': '0.1.0'}])['imageDetails'][0]['imageTags']
refused('ImageNotFoundException', ecr.describe_images, repositoryName='sidetap', imageIds=[{'imageTag': 'no'}])
url = ecr.get_download_url_for_layer(repositoryName='sidetap', layerDigest='sha256:c')['downloadUrl']
assert url == 'http://layer', url
refused('LayersNotFoundException', ecr.get_download_url_for_layer, repositoryName='sidetap', layerDigest='sha256:d')
print('done')
";

#[test]
fn boto3_gets_from_the_services_around_ecs_what_it_gets_from_aws() {
    let Some(python) = Python::prepared("boto3") else { return };
    let world = World::healthy().change(|around| {
        for number in 0..4 {
            around.ec2.subnets.push(serde_json::json!({ "subnetId": format!("subnet-{number}"), "vpcId": "vpc-2" }));
        }
        around.ec2.prefix_lists.push(serde_json::json!({ "prefixListId": "pl-1", "entries": [{ "cidr": "10.0.9.0/24" }] }));
        around.ec2.vpc_endpoints.push(serde_json::json!({
            "vpcEndpointId": "vpce-1", "vpcId": "vpc-1", "serviceName": "com.amazonaws.eu-west-1.s3", "state": "available"
        }));
        around.ecr.repositories[0].layers.insert("sha256:c".to_owned(), "http://layer".to_owned());
    });
    let output = python
        .program("python")
        .args(["-c", CLIENT])
        .env("AWS_ENDPOINT_URL", world.standin.url())
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect("python runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done", "{}", String::from_utf8_lossy(&output.stderr));
}
