//! Where AWS calls go and in whose name.

use std::time::Duration;

use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::error::{Error, ErrorKind, Result};
use super::service::Service;

/// An attempt that is not answered by then is repeated.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// A connection that is not there by then is given up; the SDK's own limit.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);
/// A call with all its attempts; throttled calls wait between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(90);
/// Reads are few attempts, so that a missing network is told within seconds.
const READ_ATTEMPTS: u32 = 5;

/// What the user said; the rest comes from the environment and the shared configuration files.
#[derive(Debug, Clone, Default)]
pub struct SessionRequest {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub endpoint_url: Option<String>,
}

/// A loaded AWS configuration with a region.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) config: SdkConfig,
    /// How calls that the SDK does not make are sent; with the same proxy and certificates.
    pub(super) connector: SharedHttpConnector,
    pub region: String,
    /// What the user said to get there.
    pub request: SessionRequest,
}

impl Session {
    /// A session of a configuration that somebody else has loaded, with a region.
    pub fn of(config: SdkConfig) -> Result<Self> {
        let region = config.region().ok_or_else(|| Error::session(ErrorKind::NoRegion, "no AWS region is set"))?;
        let region = region.to_string();
        Ok(Session { connector: connector(&config)?, config, region, request: SessionRequest::default() })
    }

    /// Loads the configuration. No call is made yet, so credentials may still turn out to be missing.
    ///
    /// An explicit profile beats keys in the environment, as in the AWS CLI; the SDK's own chain would ask the
    /// environment first and change the wrong account. The region comes from the request, the environment or the
    /// profile; the instance metadata service is not asked, because where it is missing, asking takes seconds.
    pub async fn load(request: &SessionRequest) -> Result<Self> {
        let own = Service::ALL.map(|service| format!("AWS_ENDPOINT_URL_{}", service.id()));
        let others = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS", "AWS_ENDPOINT_URL_STS"].map(str::to_owned);
        for name in own.into_iter().chain(others) {
            if std::env::var_os(&name).is_some_and(|url| url.is_empty()) {
                let message = format!("{name} is set to nothing, which the AWS SDK cannot use: unset it");
                return Err(Error::session(ErrorKind::Settings, message));
            }
        }
        let http_client = http_client()?;
        let provider_config = ProviderConfig::default().with_http_client(http_client.clone());
        let mut profile_region = ProfileFileRegionProvider::builder().configure(&provider_config);
        if let Some(profile) = &request.profile {
            profile_region = profile_region.profile_name(profile);
        }
        let region = RegionProviderChain::first_try(request.region.clone().map(Region::new))
            .or_else(environment_region().map(Region::new))
            .or_else(profile_region.build())
            .region()
            .await
            .ok_or_else(|| Error::session(ErrorKind::NoRegion, "no AWS region is set"))?;
        check_region(region.as_ref())?;

        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .app_name(AppName::new("sidetap").expect("a valid name"))
            .http_client(http_client)
            .region(region.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(READ_ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            );
        if let Some(url) = &request.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Some(profile) = &request.profile {
            // A profile that assumes a role or signs in asks AWS, too, and has to know where.
            let provider_config = provider_config.with_region(Some(region.clone()));
            let credentials =
                ProfileFileCredentialsProvider::builder().configure(&provider_config).profile_name(profile);
            loader = loader.profile_name(profile).credentials_provider(credentials.build());
        }
        Ok(Session { request: request.clone(), ..Session::of(loader.load().await)? })
    }

    /// The same in another region.
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] if it can be no region's name.
    pub fn in_region(&self, region: &str) -> Result<Self> {
        check_region(region)?;
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        let request = SessionRequest { region: Some(region.to_owned()), ..self.request.clone() };
        Ok(Session { config, region: region.to_owned(), request, ..self.clone() })
    }
}

/// Refuses what can be no region's name: it becomes a part of the name of a host.
pub fn check_region(region: &str) -> Result<()> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match !region.is_empty() && region.chars().all(valid) {
        true => Ok(()),
        false => Err(Error::session(ErrorKind::Settings, format!("`{region}` is no AWS region, such as eu-west-1"))),
    }
}

/// The region that the environment names; a variable set to nothing, as in CI systems, counts as not set.
pub fn environment_region() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION"))
}

/// A client that goes through the proxies of the environment, and trusts the system's certificates and those of
/// `AWS_CA_BUNDLE`, a variable that the AWS CLI knows and the SDK does not.
fn http_client() -> Result<SharedHttpClient> {
    let context = tls_context()?;
    let client = aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, components| {
        build(&context, settings.cloned(), components.and_then(RuntimeComponents::sleep_impl))
    });
    Ok(client)
}

/// A connector like those of [`http_client`].
fn connector(config: &SdkConfig) -> Result<SharedHttpConnector> {
    let mut settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT);
    if let Some(timeouts) = config.timeout_config() {
        settings = settings.connect_timeout(timeouts.connect_timeout().unwrap_or(CONNECT_TIMEOUT));
    }
    Ok(SharedHttpConnector::new(build(&tls_context()?, Some(settings.build()), config.sleep_impl())))
}

fn build(context: &TlsContext, settings: Option<HttpConnectorSettings>, sleep: Option<SharedAsyncSleep>) -> Connector {
    let mut connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context.clone());
    connector.set_connector_settings(settings);
    connector.set_sleep_impl(sleep);
    connector.build()
}

fn tls_context() -> Result<TlsContext> {
    let system = TrustStore::default();
    let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) else {
        let context = TlsContext::builder().with_trust_store(system).build();
        return context.map_err(|error| Error::session(ErrorKind::Settings, format!("no TLS is possible: {error}")));
    };
    let refuse = |why: String| {
        let message = format!("AWS_CA_BUNDLE names `{}`, {why}", path.to_string_lossy());
        Error::session(ErrorKind::Settings, message)
    };
    let pem = std::fs::read(&path).map_err(|error| refuse(format!("which cannot be read: {error}")))?;
    if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Err(refuse("which holds no PEM certificate".to_owned()));
    }
    TlsContext::builder()
        .with_trust_store(system.with_pem_certificate(pem))
        .build()
        .map_err(|error| refuse(format!("which is not a certificate bundle: {error}")))
}
