use std::io;
use std::pin::Pin;

/// Comes to an end when the run is to end.
pub(super) type Interrupt = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Comes to an end when somebody wants the run to end: Ctrl-C, or on Unix a SIGTERM, as a supervisor sends it.
///
/// # Errors
/// If the system does not tell of its signals.
pub(super) fn interrupt() -> io::Result<Interrupt> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Box::pin(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }))
    }
    #[cfg(not(unix))]
    {
        // Where nobody can tell of a Ctrl-C, none comes.
        Ok(Box::pin(async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sigterm_interrupts_as_ctrl_c_does() {
        for signal in ["-TERM", "-INT"] {
            let interrupted = interrupt().unwrap();
            let id = std::process::id().to_string();
            assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
            tokio::time::timeout(std::time::Duration::from_secs(30), interrupted).await.unwrap();
        }
    }
}
