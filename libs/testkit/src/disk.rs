//! A small disk of its own, to be filled up. It needs the right to mount, which root has; without it there is none.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const BALLAST: &str = "ballast";

/// A file system in memory with a fixed size; it is gone when this guard is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// A disk of so many MiB, or `None`, said aloud, where this process may not mount one.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
            .arg(folder.path());
        if succeeds(&mut mount) {
            return Some(Self { folder });
        }
        eprintln!("SKIPPED: this process may not mount a small disk to fill up, which takes root");
        None
    }

    /// Where files go.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves not a byte free.
    pub fn fill(&self) {
        let mut ballast = fs::File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let block = vec![0; size];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    /// Takes back what [`fill`](Self::fill) took.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.path().join(BALLAST)
    }
}

impl Drop for SmallDisk {
    /// Lazily: whoever still holds a file keeps it until then.
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        if !succeeds(unmount.arg("-l").arg(self.path())) {
            eprintln!("{} is still mounted", self.path().display());
        }
    }
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_full_disk_takes_nothing_until_it_is_freed() {
        let Some(disk) = SmallDisk::mount(1) else {
            return;
        };
        let file = disk.path().join("file");

        disk.fill();
        let full = fs::write(&file, "x").unwrap_err();
        disk.free();

        assert_eq!(full.kind(), ErrorKind::StorageFull);
        fs::write(&file, "x").unwrap();
        let folder = disk.path().to_owned();
        drop(disk);
        assert!(!folder.exists());
    }
}
