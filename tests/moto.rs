//! The real binary against `moto_server`, as far as moto goes: it keeps no unknown fields and plays no deployments.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Python, Sidetap, fixture_path, free_port};

/// A running `moto_server`.
pub struct Moto {
    server: Child,
    url: String,
    python: Python,
}

impl Moto {
    pub fn start(python: Python) -> Self {
        let port = free_port();
        let server = python
            .program("moto_server")
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            // With as many tasks running as wanted, moto calls a deployment completed.
            .env("MOTO_ECS_SERVICE_RUNNING", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server starts");
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "moto_server answers");
            std::thread::sleep(Duration::from_millis(100));
        }
        Moto { server, url: format!("http://127.0.0.1:{port}"), python }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs Python with an ECS client of boto3 as `ecs`.
    fn boto3(&self, code: &str) -> String {
        let head = format!(
            "import boto3, json\necs = boto3.client('ecs', region_name='eu-west-1', endpoint_url='{}', \
             aws_access_key_id='a', aws_secret_access_key='b')\n",
            self.url
        );
        let output =
            self.python.program("python").args(["-c", &format!("{head}{code}")]).output().expect("python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn run(&self, line: &str) -> Sidetap {
        Sidetap::new(line).with_keys().env("AWS_ENDPOINT_URL", &self.url)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn moto_lists_registers_updates_and_tags() {
    let Some(python) = Python::prepared("moto") else { return };
    let moto = Moto::start(python);
    let definition = fixture_path("roomy.json");
    moto.boto3(&format!(
        "ecs.create_cluster(clusterName='main')\n\
         ecs.register_task_definition(**json.load(open('{}')))\n\
         ecs.create_service(cluster='main', serviceName='web', taskDefinition='web:1', desiredCount=1)",
        definition.display()
    ));
    moto.run("list clusters").exits(0).stdout_has("main");
    moto.run("list services --cluster main").exits(0).stdout_has("web:1");
    moto.run("list task-definitions").exits(0).stdout_has("web");
    moto.run("inject --cluster main --service web --image i --dry-run").exits(0).stdout_has("1 to change");
    moto.run("inject --cluster main --service nope --image i --yes").exits(1).stderr_has("there is no service `nope`");

    // moto changes the task definition and starts no deployment, which must not be taken for one that has ended.
    let updated = moto.run("inject --cluster main --service web --image i --yes").exits(0);
    updated.stdout_has("web:2").stdout_has("no deployment was started");
    let seen = moto.boto3(
        "service = ecs.describe_services(cluster='main', services=['web'], include=['TAGS'])['services'][0]\n\
         registered = ecs.describe_task_definition(taskDefinition='web:2', include=['TAGS'])\n\
         names = [c['name'] for c in registered['taskDefinition']['containerDefinitions']]\n\
         tags = sorted(t['key'] for t in registered['tags'])\n\
         service_tags = sorted(t['key'] for t in ecs.list_tags_for_resource(resourceArn=service['serviceArn'])['tags'])\n\
         print(service['taskDefinition'].split('/')[-1], names, tags, service_tags)",
    );
    assert_eq!(
        seen,
        "web:2 ['app', 'sidetap-sensor'] ['sidetap:created-by', 'sidetap:plan-id'] \
         ['sidetap:modified-by', 'sidetap:plan-id', 'sidetap:previous-task-definition', 'sidetap:sidecar', 'sidetap:task-definition']"
    );
}
