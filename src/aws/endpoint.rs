//! Where a service's calls go.
//!
//! Source: the endpoint rules in botocore's models; `tests/fixtures/signed-requests/endpoints.json` has what they say.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::service::Service;

/// A service's address, and the region that its signatures name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Scheme, host and perhaps a path; without a slash at the end.
    pub url: String,
    pub signing_region: String,
}

/// A part of AWS with accounts of its own.
struct Partition {
    suffix: &'static str,
    dual_stack_suffix: &'static str,
    /// IAM is one for the whole partition.
    iam: Iam,
}

struct Iam {
    host: &'static str,
    dual_stack: &'static str,
    fips: &'static str,
    fips_dual_stack: &'static str,
    region: &'static str,
}

const AWS: Partition = Partition {
    suffix: "amazonaws.com",
    dual_stack_suffix: "api.aws",
    iam: Iam {
        host: "iam.amazonaws.com",
        dual_stack: "iam.global.api.aws",
        fips: "iam-fips.amazonaws.com",
        fips_dual_stack: "iam-fips.global.api.aws",
        region: "us-east-1",
    },
};
const AWS_CN: Partition = Partition {
    suffix: "amazonaws.com.cn",
    dual_stack_suffix: "api.amazonwebservices.com.cn",
    iam: Iam {
        host: "iam.cn-north-1.amazonaws.com.cn",
        dual_stack: "iam.global.api.amazonwebservices.com.cn",
        fips: "iam-fips.amazonaws.com.cn",
        fips_dual_stack: "iam-fips.api.amazonwebservices.com.cn",
        region: "cn-north-1",
    },
};
const AWS_US_GOV: Partition = Partition {
    suffix: "amazonaws.com",
    dual_stack_suffix: "api.aws",
    iam: Iam {
        host: "iam.us-gov.amazonaws.com",
        dual_stack: "iam.us-gov.api.aws",
        fips: "iam.us-gov.amazonaws.com",
        fips_dual_stack: "iam.us-gov.api.aws",
        region: "us-gov-west-1",
    },
};

/// What the endpoint depends on beside the service.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    region: &'a str,
    fips: bool,
    dual_stack: bool,
}

impl Endpoint {
    /// The endpoint that the configuration names, else the standard one. `--endpoint-url` beats the service's own
    /// variable or entry in the profile, which beats AWS_ENDPOINT_URL, as in the SDK.
    pub fn of(service: Service, config: &SdkConfig, region: &str) -> Self {
        let place = Place {
            region,
            fips: config.use_fips().unwrap_or_default(),
            dual_stack: config.use_dual_stack().unwrap_or_default(),
        };
        let mut endpoint = Self::standard(service, place);
        if let Some(url) = configured(service, config) {
            url.trim_end_matches('/').clone_into(&mut endpoint.url);
        }
        endpoint
    }

    fn standard(service: Service, place: Place<'_>) -> Self {
        let (host, signing_region) = match service {
            Service::Iam => iam(place),
            _ => (regional(service, place), place.region),
        };
        Endpoint { url: format!("https://{host}"), signing_region: signing_region.to_owned() }
    }
}

fn partition(region: &str) -> &'static Partition {
    match region {
        _ if region.starts_with("cn-") => &AWS_CN,
        _ if region.starts_with("us-gov-") => &AWS_US_GOV,
        _ => &AWS,
    }
}

fn iam(place: Place<'_>) -> (String, &'static str) {
    let iam = &partition(place.region).iam;
    let host = match (place.fips, place.dual_stack) {
        (false, false) => iam.host,
        (false, true) => iam.dual_stack,
        (true, false) => iam.fips,
        (true, true) => iam.fips_dual_stack,
    };
    (host.to_owned(), iam.region)
}

fn regional(service: Service, place: Place<'_>) -> String {
    let Place { region, fips, dual_stack } = place;
    let partition = partition(region);
    let name = match (service, dual_stack) {
        (Service::Ecr, false) => "api.ecr",
        _ => service.name(),
    };
    // GovCloud's usual endpoints of these are FIPS endpoints.
    let always_fips = region.starts_with("us-gov-")
        && match service {
            Service::Events => true,
            Service::Ec2 | Service::ElasticLoadBalancing | Service::Logs => !dual_stack,
            _ => false,
        };
    let fips = if fips && !always_fips { "-fips" } else { "" };
    let suffix = if dual_stack { partition.dual_stack_suffix } else { partition.suffix };
    format!("{name}{fips}.{region}.{suffix}")
}

fn configured(service: Service, config: &SdkConfig) -> Option<String> {
    let general = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return general;
    }
    let key = ServiceConfigKey::builder().service_id(service.id()).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let own = config.service_config().zip(key.build().ok()).and_then(|(settings, key)| settings.load_config(key));
    own.or(general)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_endpoints_are_botocores() {
        let rows = include_str!("../../tests/fixtures/signed-requests/endpoints.json");
        let rows: Vec<serde_json::Value> = serde_json::from_str(rows).unwrap();
        assert_eq!(rows.len(), Service::ALL.len() * 16);
        for row in rows {
            let service = Service::ALL.into_iter().find(|service| row["service"] == service.name()).unwrap();
            let region = row["region"].as_str().unwrap();
            let flag = |name: &str| row[name].as_bool().unwrap();
            let place = Place { region, fips: flag("fips"), dual_stack: flag("dual_stack") };
            let endpoint = Endpoint::standard(service, place);
            let host = row["host"].as_str().unwrap();
            assert_eq!(endpoint.url, format!("https://{host}"), "{row}");
            assert_eq!(endpoint.signing_region, row["signing_region"], "{row}");
        }
    }
}
