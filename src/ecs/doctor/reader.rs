//! Asks AWS: at most eight calls at once, and nothing twice.
//!
//! Hundreds of services share their roles, subnets and load balancers, and the account shares its request rate with
//! everybody else in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{OnceCell, Semaphore};

use super::super::client::READS_AT_ONCE;
use crate::aws::{Error, ErrorKind, Result, Service, Session, Signed, Xml};

/// Something that was asked for, or why it is not known.
pub(super) type Fact<T> = std::result::Result<T, String>;

/// An answer that several may wait for.
type Answer<T> = Arc<OnceCell<Result<Arc<T>>>>;

/// The one that asks.
#[derive(Debug)]
pub(super) struct Reader {
    pub session: Session,
    permits: Semaphore,
    regions: Mutex<HashMap<String, Arc<Signed>>>,
    xml: Mutex<HashMap<String, Answer<Xml>>>,
    json: Mutex<HashMap<String, Answer<Value>>>,
    /// The first refusal of the credentials themselves.
    refused: Mutex<Option<Error>>,
}

impl Reader {
    pub fn new(session: &Session) -> Self {
        Reader {
            session: session.clone(),
            permits: Semaphore::new(READS_AT_ONCE),
            regions: Mutex::default(),
            xml: Mutex::default(),
            json: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// An action of EC2, IAM or load balancing in the session's region.
    pub async fn query(&self, service: Service, action: &str, params: &[(&str, &str)]) -> Result<Arc<Xml>> {
        let cell = held(&self.xml).entry(format!("{service:?} {action} {params:?}")).or_default().clone();
        let ask = || async {
            let signed = self.signed(&self.session.region)?;
            let _permit = self.permits.acquire().await;
            signed.query(service, action, params).await.map(Arc::new)
        };
        self.noted(cell.get_or_init(ask).await.clone())
    }

    /// All pages of a list of EC2.
    pub async fn ec2<T>(
        &self,
        action: &str,
        params: &[(&str, &str)],
        set: &str,
        parse: impl Fn(&Xml) -> T,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let mut params = params.to_vec();
            if !token.is_empty() {
                params.push(("NextToken", &token));
            }
            let page = self.query(Service::Ec2, action, &params).await?;
            all.extend(page.child(set).into_iter().flat_map(|set| set.children("item")).map(&parse));
            match page.text_of("nextToken").filter(|next| !next.is_empty()) {
                Some(next) => token = next.to_owned(),
                None => return Ok(all),
            }
        }
    }

    /// An operation of Logs or ECR in a region.
    pub async fn json(&self, region: &str, service: Service, operation: &str, body: &Value) -> Result<Arc<Value>> {
        let cell = held(&self.json).entry(format!("{region} {service:?} {operation} {body}")).or_default().clone();
        let ask = || async {
            let signed = self.signed(region)?;
            let _permit = self.permits.acquire().await;
            signed.json(service, operation, body).await.map(Arc::new)
        };
        let answer = cell.get_or_init(ask).await.clone();
        // In the session's own region the credentials were accepted.
        let is_elsewhere = region != self.session.region;
        self.noted(answer.map_err(|error| match is_elsewhere {
            true => error.with_credentials_right_elsewhere(region),
            false => error,
        }))
    }

    /// What else counts among the calls at once.
    pub async fn one_of_eight<T>(&self, work: impl Future<Output = T>) -> T {
        let _permit = self.permits.acquire().await;
        work.await
    }

    /// The first refusal of the credentials themselves: then nothing that was found is worth much.
    pub fn refused(&self) -> Option<Error> {
        held(&self.refused).clone()
    }

    fn signed(&self, region: &str) -> Result<Arc<Signed>> {
        let mut regions = held(&self.regions);
        if let Some(signed) = regions.get(region) {
            return Ok(signed.clone());
        }
        let signed = Arc::new(Signed::new(&self.session.in_region(region)?));
        regions.insert(region.to_owned(), signed.clone());
        Ok(signed)
    }

    fn noted<T>(&self, answer: Result<T>) -> Result<T> {
        if let Err(error) = &answer
            && error.kind == ErrorKind::Credentials
        {
            held(&self.refused).get_or_insert_with(|| error.clone());
        }
        answer
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why something is not known, in a few words.
pub(super) fn why(error: &Error) -> String {
    match error.kind {
        ErrorKind::AccessDenied => error.hints().into_iter().next().unwrap_or_else(|| error.to_string()),
        _ => error.to_string(),
    }
}
