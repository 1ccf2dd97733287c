//! Real processes for the faults that only they can have: `kill -9`, a terminated server, a restart on the same files.
//! A child is always ended by its id, at the latest when its guard is dropped.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::time::timeout;

/// A running program and what it has written so far.
#[derive(Debug)]
pub struct Child {
    child: tokio::process::Child,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    grew: Notify,
}

impl Child {
    /// Starts the program with its two outputs captured and its input closed.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let output = Arc::new(Output::default());
        tokio::spawn(collect(child.stdout.take(), Arc::clone(&output)));
        tokio::spawn(collect(child.stderr.take(), Arc::clone(&output)));
        Self { child, output }
    }

    /// Waits until the program writes a line that `wanted` accepts, on either output, and yields that line.
    pub async fn line(&self, deadline: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let found = timeout(deadline, async {
            loop {
                let grew = self.output.grew.notified();
                if let Some(line) = self.lines().into_iter().find(|line| wanted(line)) {
                    return line;
                }
                grew.await;
            }
        });
        found
            .await
            .unwrap_or_else(|_| panic!("no such line within {deadline:?} in:\n{}", self.text()))
    }

    /// The operating system's id of the process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Bytes of memory that the process has in use; `None` when it is gone.
    pub fn resident(&self) -> Option<u64> {
        resident(self.id()?)
    }

    /// Every line so far, both outputs in the order of arrival.
    pub fn lines(&self) -> Vec<String> {
        self.output.lines.lock().unwrap().clone()
    }

    /// The lines as one text, to be searched.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(&mut self) {
        self.child
            .kill()
            .await
            .expect("a process that can be killed");
    }

    /// Asks the process to end as an orchestrator does (SIGTERM) and yields how it ended.
    pub async fn terminate(&mut self, deadline: Duration) -> ExitStatus {
        if let Some(id) = self.id() {
            let sent = Command::new("sh")
                .args(["-c", "kill -s TERM \"$1\"", "sh", &id.to_string()])
                .status()
                .await
                .unwrap();
            assert!(sent.success(), "process {id} cannot be signalled");
        }
        self.ended(deadline).await
    }

    /// Waits until the process ends by itself.
    pub async fn ended(&mut self, deadline: Duration) -> ExitStatus {
        let ended = timeout(deadline, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("still running after {deadline:?}:\n{}", self.text()))
            .unwrap()
    }
}

/// Bytes of memory that a process has in use; `None` when there is no such process.
pub fn resident(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    resident_in(&status)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Reads to the end, so that a chatty child never blocks on a full pipe.
async fn collect(from: Option<impl AsyncRead + Unpin>, output: Arc<Output>) {
    let mut lines = BufReader::new(from.expect("a captured output")).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output.lines.lock().unwrap().push(line);
        output.grew.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    fn script(text: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        Child::spawn(command)
    }

    #[tokio::test]
    async fn a_killed_child_is_gone_and_its_lines_remain() {
        let mut child = script("echo listening on 7; exec sleep 60");
        let ready = child
            .line(DEADLINE, |line| line.starts_with("listening"))
            .await;

        child.kill().await;

        assert_eq!(ready, "listening on 7");
        assert_eq!(child.id(), None);
        assert_eq!(child.text(), "listening on 7");
    }

    #[tokio::test]
    async fn memory_is_read_while_the_process_lives() {
        let mut child = script("exec sleep 60");

        assert!(child.resident() > Some(4_096));
        child.kill().await;
        assert_eq!(child.resident(), None);
        let status = "Name:\tload\nVmHWM:\t  900 kB\nVmRSS:\t  512 kB\nThreads:\t3\n";
        assert_eq!(resident_in(status), Some(512 * 1024));
    }

    #[tokio::test]
    async fn a_terminated_child_may_choose_its_exit_code() {
        let mut child = script("trap 'exit 3' TERM; echo up >&2; while :; do sleep 0.05; done");
        child.line(DEADLINE, |line| line == "up").await;

        let status = child.terminate(DEADLINE).await;

        assert_eq!(status.code(), Some(3));
    }
}
