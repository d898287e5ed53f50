//! The example of a gateway, an OpenTelemetry Collector. No Collector that has its parts can be installed where the tests
//! run, so that what is checked is what goes wrong most often: names that lead nowhere.

use crate::support::Python;

const CHECK: &str = r#"
import re, sys, yaml
gateway = yaml.safe_load(open(sys.argv[1]))
sections = {'receivers', 'processors', 'exporters', 'extensions', 'service'}
assert set(gateway) == sections, set(gateway) ^ sections
pipelines = gateway['service']['pipelines']
for kind in ['receivers', 'processors', 'exporters']:
    used = {name for pipeline in pipelines.values() for name in pipeline[kind]}
    assert used == set(gateway[kind]), (kind, used ^ set(gateway[kind]))
assert set(gateway['service']['extensions']) == set(gateway['extensions'])
assert {name.split('/')[0] for name in pipelines} == {'traces', 'logs', 'metrics'}
for name, pipeline in pipelines.items():
    assert pipeline['processors'][0] == 'memory_limiter', name
    # Records of sensors pass the fence; what comes from another replica has passed it there.
    fenced = 'redaction' in pipeline['processors']
    assert fenced == ('otlp' in pipeline['receivers'] and name != 'metrics'), name

redaction = gateway['processors']['redaction']
blocked = [re.compile(pattern) for pattern in redaction['blocked_values']]
allowed = [re.compile(pattern) for pattern in redaction['allowed_values']]
keys = [re.compile(pattern) for pattern in redaction['blocked_key_patterns']]
for value in ['4111 1111 1111 1111', '4111111111111111', '378282246310005', 'ada@example.com', 'Bearer abcdefgh',
              'AKIAIOSFODNN7EXAMPLE', 'ghp_' + 36 * 'a', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln']:
    assert any(pattern.search(value) for pattern in blocked), value
for value in ['/api/v1/customers/{id}/orders', 'coupon=REDACTED&notify=REDACTED', '0b8e6f5e-52a0-4a6e-9b0e-8a4f0c6f7d11',
              '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '1:fcANAIuJHSTcEisE/u5fWUFv4FY=', 'Bearer', '201',
              'Root=1-67891233-abcdef012345678912345678', 'shop-app/2.4', '2001:db8::1', '2026-01-01T00:00:00.083440000Z']:
    assert not any(pattern.search(value) for pattern in blocked), value
assert any(pattern.search('redacted@example.invalid') for pattern in allowed)
assert any(pattern.search('http.request.header.authorization') for pattern in keys)
assert not any(pattern.search('sidetap.auth.scheme') for pattern in keys)
print('done')
"#;

#[test]
fn the_gateway_uses_what_it_defines_and_masks_what_it_should() {
    let Some(python) = Python::prepared("the gateway's configuration") else { return };
    let gateway = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/collectors/otel-gateway.yaml");
    let output = python.program("python").args(["-c", CHECK, gateway]).output().expect("python runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done", "{}", String::from_utf8_lossy(&output.stderr));
}
