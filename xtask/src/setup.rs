//! Finds what the tests need and installs what is missing: into a folder of its own where that is possible, with the
//! system's package manager when this runs as root. Running it again changes nothing.

mod install;

use std::env::consts;
use std::path::PathBuf;
use std::process::Command;

use crate::environment;
use crate::failure::Failure;
use crate::postgres::Server;
use crate::process;
use crate::say;
use crate::workspace::Root;

const BUF: &str = "1.75.0";
const NEXTEST: &str = "0.9.148";
const ESBUILD: &str = "0.28.2";
const DENY: &str = "0.20.2";
const POSTGRES: &str = "18.4.0-beta.17";

/// The programs that `cargo xtask test` calls besides cargo.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) buf: PathBuf,
    /// `cargo-nextest`, to be called with `nextest` as its first argument.
    pub(crate) nextest: PathBuf,
    pub(crate) deny: PathBuf,
    /// Takes the types off the checkout in TypeScript, for a Node.js that cannot.
    pub(crate) esbuild: PathBuf,
    pub(crate) postgres: Server,
}

pub(crate) fn run(root: &Root) -> Result<Tools, Failure> {
    let tools = Tools {
        buf: npm_tool("@bufbuild/buf", "buf", BUF)?,
        nextest: install::cargo_tool(root, "cargo-nextest", NEXTEST)?,
        deny: install::cargo_tool(root, "cargo-deny", DENY)?,
        esbuild: npm_tool("esbuild", "esbuild", ESBUILD)?,
        postgres: postgres()?,
    };
    let Tools {
        buf,
        nextest,
        deny,
        esbuild,
        postgres,
    } = &tools;
    say::line(&format!("buf            {}", buf.display()));
    say::line(&format!("cargo-nextest  {}", nextest.display()));
    say::line(&format!("cargo-deny     {}", deny.display()));
    say::line(&format!("esbuild        {}", esbuild.display()));
    say::line(&format!("postgres       {postgres}"));
    python_cryptography()?;
    Ok(tools)
}

/// A PostgreSQL that is new enough: the machine's own, else the package of the system, else one of the npm registry.
pub(crate) fn postgres() -> Result<Server, Failure> {
    if let Some(server) = Server::find() {
        return Ok(server);
    }
    if install::has_apt()? {
        install::apt(&["postgresql"])?;
        if let Some(server) = Server::find() {
            return Ok(server);
        }
    }
    let package = format!("@embedded-postgres/{}-{}", system(), processor());
    let folder = install::npm(&package, POSTGRES)?;
    let bin = folder
        .join("node_modules")
        .join(package)
        .join("native")
        .join("bin");
    Server::in_folder(&bin).ok_or_else(|| Failure::Missing {
        what: format!("PostgreSQL {} or later", Server::OLDEST),
        help: "install it, or name the folder of its programs in PG_BIN".to_owned(),
    })
}

/// A Chromium: the one that `CHROMIUM` names, else the machine's own, else the package of the system. `None` when there
/// is neither.
pub(crate) fn browser() -> Result<Option<PathBuf>, Failure> {
    if let Some(browser) = find_browser() {
        return Ok(Some(browser));
    }
    if install::has_apt()? {
        install::apt(&["chromium"])?;
    }
    Ok(find_browser())
}

fn find_browser() -> Option<PathBuf> {
    let named = environment::value("CHROMIUM").map(PathBuf::from);
    let on_path = environment::program_folders()
        .into_iter()
        .flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
        });
    named.into_iter().chain(on_path).find(|file| file.is_file())
}

/// A program of an npm package. Always this very version, so that it does the same on every machine.
fn npm_tool(package: &str, program: &str, version: &str) -> Result<PathBuf, Failure> {
    let folder = install::npm(package, version)?;
    Ok(folder.join("node_modules").join(".bin").join(program))
}

/// What the checkout in Python checks signatures with: the machine's own, else the package of the system. Where it
/// cannot be installed, the test says that it is left out.
fn python_cryptography() -> Result<(), Failure> {
    let has_it = process::ask(Command::new("python3").args(["-c", "import cryptography"])).is_ok();
    if !has_it && install::has_apt()? {
        install::apt(&["python3-cryptography"])?;
    }
    Ok(())
}

/// The registry's word for this operating system.
fn system() -> &'static str {
    match consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The registry's word for this kind of processor.
fn processor() -> &'static str {
    match consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}
