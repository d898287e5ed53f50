//! What a runner of GitHub does with a composite action: the steps' scripts, out of `action.yml`, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use standin::{ACCESS_KEY, REGION, SECRET_KEY, Standin};
use tempfile::TempDir;

use super::github::{GitHub, REPOSITORY, TOKEN};
use crate::support::Python;

/// `action.yml`, read by a reader of YAML that we did not write.
pub fn action(python: &Python) -> Value {
    const READ: &str = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml");
    let output = python.program("python").args(["-c", READ, path]).output().expect("python runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// A use of the action, in a job on a pull request.
pub struct Use<'a> {
    action: &'a Value,
    github: &'a GitHub,
    inputs: BTreeMap<String, String>,
    pull_request: Option<u64>,
    environment: Vec<(String, String)>,
    directory: TempDir,
}

/// How it ended.
pub struct Ended {
    /// Of the step that ended it.
    pub code: i32,
    pub outputs: BTreeMap<String, String>,
    pub log: String,
    pub summary: String,
    directory: TempDir,
}

impl<'a> Use<'a> {
    /// With these inputs, and this build of sidetap unless an input says otherwise.
    pub fn of(action: &'a Value, github: &'a GitHub, inputs: &[(&str, &str)]) -> Self {
        let declared = action["inputs"].as_object().expect("inputs");
        let program = assert_cmd::cargo::cargo_bin!("sidetap").to_str().expect("a path in UTF-8").to_owned();
        let mut all = BTreeMap::from([("path".to_owned(), program)]);
        for (name, input) in declared {
            let default = input["default"].as_str().unwrap_or_else(|| panic!("{name} has no default"));
            all.entry(name.clone()).or_insert_with(|| default.to_owned());
        }
        for (name, value) in inputs {
            assert!(all.insert((*name).to_owned(), (*value).to_owned()).is_some(), "there is no input {name}");
        }
        let directory = tempfile::tempdir().expect("a temporary directory");
        Use { action, github, inputs: all, pull_request: Some(7), environment: Vec::new(), directory }
    }

    /// In a job that no pull request has started.
    pub fn on_a_push(mut self) -> Self {
        self.pull_request = None;
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn against(self, standin: &Standin) -> Self {
        self.env("AWS_ENDPOINT_URL", &standin.url())
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", REGION)
    }

    /// Runs the steps until one fails.
    pub fn run(self) -> Ended {
        let mut steps: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let summary = self.file("summary");
        let (mut log, mut code) = (String::new(), 0);
        for step in self.action["runs"]["steps"].as_array().expect("steps") {
            let outputs = self.file("outputs");
            let output = self.command(step, &steps, &outputs, &summary).output().expect("bash runs");
            log.push_str(&String::from_utf8_lossy(&output.stdout));
            log.push_str(&String::from_utf8_lossy(&output.stderr));
            let told = fs::read_to_string(&outputs).expect("outputs");
            let told = told.lines().map(|line| line.split_once('=').expect("an output"));
            let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            steps.insert(step["id"].as_str().unwrap_or_default().to_owned(), told);
            code = output.status.code().unwrap_or(-1);
            if code != 0 {
                break;
            }
        }
        assert_eq!(self.holding_the_token(), "");
        let outputs = self.action["outputs"].as_object().expect("outputs").iter();
        let value = |output: &Value| self.evaluate(output["value"].as_str().expect("a value"), &steps);
        let outputs = outputs.map(|(name, output)| (name.clone(), value(output))).collect();
        let summary = fs::read_to_string(summary).expect("a summary");
        Ended { code, outputs, log, summary, directory: self.directory }
    }

    /// Runs the steps, and requires this code of the last.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ended {
        let ended = self.run();
        assert_eq!(ended.code, code, "{}", ended.log);
        ended
    }

    fn command(
        &self,
        step: &Value,
        steps: &BTreeMap<String, BTreeMap<String, String>>,
        outputs: &Path,
        summary: &Path,
    ) -> Command {
        assert_eq!(step["shell"], "bash", "as a runner calls it:");
        let script = self.file("script");
        fs::write(&script, step["run"].as_str().expect("a script")).expect("there is room");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(script).stdin(Stdio::null()).env_clear();
        bash.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
        let own = [
            ("CI", "true"),
            ("HOME", self.directory.path().to_str().expect("a path in UTF-8")),
            ("RUNNER_TEMP", self.directory.path().to_str().expect("a path in UTF-8")),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", if cfg!(target_arch = "x86_64") { "X64" } else { "ARM64" }),
            ("GITHUB_API_URL", &self.github.url()),
            ("GITHUB_SERVER_URL", &self.github.url()),
            ("GITHUB_REPOSITORY", REPOSITORY),
            ("GITHUB_RUN_ID", "4711"),
            ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        bash.envs(own).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        bash.env("GITHUB_OUTPUT", outputs).env("GITHUB_STEP_SUMMARY", summary);
        bash.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for (name, value) in step["env"].as_object().expect("an environment") {
            bash.env(name, self.evaluate(value.as_str().expect("a value"), steps));
        }
        bash
    }

    /// Puts in what stands in `${{ … }}`: names alone, which is all that the action needs.
    fn evaluate(&self, text: &str, steps: &BTreeMap<String, BTreeMap<String, String>>) -> String {
        let Some((before, rest)) = text.split_once("${{") else { return text.to_owned() };
        let (name, after) = rest.split_once("}}").expect("an end");
        let value = match name.trim().split('.').collect::<Vec<_>>()[..] {
            ["inputs", name] => self.evaluate(&self.inputs[name], steps),
            ["steps", id, "outputs", name] => {
                steps.get(id).and_then(|told| told.get(name)).cloned().unwrap_or_default()
            }
            ["github", "token"] => TOKEN.to_owned(),
            ["github", "action_repository"] => "sidetap/sidetap".to_owned(),
            ["github", "action_path"] => env!("CARGO_MANIFEST_DIR").to_owned(),
            ["github", "event", "pull_request", "number"] => {
                self.pull_request.map(|number| number.to_string()).unwrap_or_default()
            }
            _ => panic!("the test does not know {name}"),
        };
        format!("{before}{value}{}", self.evaluate(after, steps))
    }

    /// The files that hold the token, which is none.
    fn holding_the_token(&self) -> String {
        let output = Command::new("grep").args(["-rlF", TOKEN]).arg(self.directory.path()).output();
        String::from_utf8_lossy(&output.expect("grep runs").stdout).into_owned()
    }

    /// An empty file that a step is given.
    fn file(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, "").expect("there is room");
        path
    }
}

impl Ended {
    /// The file that an output names, as JSON.
    pub fn file(&self, output: &str) -> Value {
        assert!(Path::new(&self.outputs[output]).starts_with(self.directory.path()), "{:?}", self.outputs);
        serde_json::from_slice(&fs::read(&self.outputs[output]).expect("a file")).expect("JSON")
    }
}
