//! Starts other programs and says clearly how they ended. A program that is shown inherits the terminal; one that is
//! asked has its output read.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use crate::environment;
use crate::failure::Failure;
use crate::interrupt;

/// A cargo command in `folder`, with the environment of a cargo that was called by hand.
pub(crate) fn cargo(folder: &Path) -> Command {
    cargo_program(OsStr::new("cargo"), folder)
}

/// The same for a cargo subcommand that is called by its own path.
pub(crate) fn cargo_program(program: &OsStr, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for name in environment::set_by_cargo_run() {
        command.env_remove(name);
    }
    command
}

/// Runs to the end with the output shown.
///
/// # Errors
/// When it cannot start, ends with another status than 0, or Ctrl-C came meanwhile.
pub(crate) fn show(command: &mut Command) -> Result<(), Failure> {
    let text = text(command);
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|source| Failure::Start {
            command: text.clone(),
            source,
        })?;
    let status = wait(&mut child, &text)?;
    if interrupt::is_asked_to_stop() {
        return Err(Failure::Interrupted);
    }
    succeeded(text, status, String::new())
}

/// Runs to the end and returns what it wrote to its standard output.
///
/// # Errors
/// As [`show`]; the failure then holds what it wrote to its standard error.
pub(crate) fn ask(command: &mut Command) -> Result<String, Failure> {
    let text = text(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Failure::Start {
            command: text.clone(),
            source,
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    succeeded(text, output.status, format!("\n{}", said.trim_end()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether this process may do everything. Asks `id`, since the standard library cannot tell.
pub(crate) fn is_root() -> Result<bool, Failure> {
    Ok(ask(Command::new("id").arg("-u"))?.trim_end() == "0")
}

/// Waits for the end; when asked to stop, passes that on to the child once and still waits, so that it can clean up.
fn wait(child: &mut Child, text: &str) -> Result<ExitStatus, Failure> {
    let mut told = false;
    loop {
        let ended = child
            .try_wait()
            .map_err(Failure::file(format!("wait for `{text}`")))?;
        if let Some(status) = ended {
            return Ok(status);
        }
        if interrupt::is_asked_to_stop() && !told {
            // The child may have ended by itself meanwhile: then there is nobody to tell.
            let _ = ask(Command::new("kill")
                .arg("-TERM")
                .arg(child.id().to_string()));
            told = true;
        }
        thread::sleep(interrupt::POLL);
    }
}

fn succeeded(command: String, status: ExitStatus, detail: String) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::Ended {
        command,
        status,
        detail,
    })
}

fn text(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_what_it_said() {
        let failure = ask(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("exit 3"), "{text}");
        assert!(text.contains("exit status: 3\nwhy"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_cannot_start() {
        let failure = show(&mut Command::new("/nonexistent/program")).unwrap_err();
        assert!(matches!(failure, Failure::Start { .. }));
    }

    #[test]
    fn asked_programs_answer_with_their_output() {
        assert_eq!(ask(Command::new("echo").arg("yes")).unwrap(), "yes\n");
    }
}
