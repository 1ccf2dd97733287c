//! Compiles the contracts below `proto/` into Rust, without protoc. Every file there is taken, so a new package needs
//! no line here. The descriptor is written as raw bytes, which keep comments and custom options.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const CONTRACTS: &str = "../../proto";

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder by the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CONTRACTS}");

    let mut files = Vec::new();
    find_contracts(Path::new(CONTRACTS), &mut files)?;
    // Directory order differs between machines; the generated code must not.
    files.sort();

    let mut compiler = protox::Compiler::new([CONTRACTS])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(&files)?;

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(
        out.join("rescate.fds.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    tonic_prost_build::configure()
        .include_file("rescate.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn find_contracts(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_contracts(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            found.push(path);
        }
    }
    Ok(())
}
