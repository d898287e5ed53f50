//! Lets a run be stopped from outside without losing what it has done.

use tokio::sync::watch;

/// Whether a run is to stop as soon as the call that it is in has been answered.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// An interrupt, and what raises it by sending `true`.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Interrupt(receiver))
    }

    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is raised.
    pub async fn raised(&mut self) {
        if self.0.wait_for(|raised| *raised).await.is_err() {
            // Nobody is left to raise it.
            std::future::pending::<()>().await;
        }
    }
}
