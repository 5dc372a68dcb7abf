//! Compiled kernels on disk.
//!
//! Invariant: an entry is complete or absent. It is written under another name and renamed, and it carries the whole key, so that
//! neither a crash, nor two processes at once, nor a collision of hashes hands out wrong code. A cache that cannot be read or
//! written only costs time, so nothing here returns an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const MAGIC: &[u8] = b"chainer kernel cache 1\n";

/// `CHAINER_CACHE_DIR`, or `chainer` in the user's cache folder. An empty variable turns the cache off.
pub(super) fn default_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("CHAINER_CACHE_DIR") {
        return if folder.is_empty() { None } else { Some(folder.into()) };
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    user.map(|folder| folder.join("chainer"))
}

/// The code that was stored under `key`.
pub(super) fn read(folder: &Path, key: &str) -> Option<Vec<u8>> {
    let bytes = fs::read(path(folder, key)).ok()?;
    let rest = bytes.strip_prefix(MAGIC)?;
    let (stored_key, rest) = take(rest)?;
    let (code, rest) = take(rest)?;
    (stored_key == key.as_bytes() && rest.is_empty()).then(|| code.to_vec())
}

/// Stores `code` under `key`.
pub(super) fn write(folder: &Path, key: &str, code: &[u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let path = path(folder, key);
    let Some(parent) = path.parent() else { return };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = parent.join(format!("{}-{number}.tmp", std::process::id()));
    let mut bytes = MAGIC.to_vec();
    for part in [key.as_bytes(), code] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let stored = fs::create_dir_all(parent)
        .and_then(|()| fs::write(&temporary, &bytes))
        .and_then(|()| fs::rename(&temporary, &path));
    if stored.is_err() {
        let _ = fs::remove_file(&temporary);
    }
}

fn path(folder: &Path, key: &str) -> PathBuf {
    folder.join("kernels").join(format!("{:032x}", hash(key.as_bytes())))
}

/// FNV-1a of 128 bits: the same in every version of everything, which the standard library's hashes do not promise.
fn hash(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62272e07bb014262b821756295c58d, |hash: u128, &byte| {
        (hash ^ byte as u128).wrapping_mul(0x0000000001000000000000000000013b)
    })
}

/// A length of 8 bytes, then as many bytes; and what follows.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("chainer-cache-test-{name}-{}", std::process::id()))
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = folder("round-trip");
        assert_eq!(read(&folder, "key"), None);
        write(&folder, "key", b"code");
        write(&folder, "other key", b"");
        assert_eq!(read(&folder, "key").as_deref(), Some(&b"code"[..]));
        assert_eq!(read(&folder, "other key").as_deref(), Some(&b""[..]));
        let files = fs::read_dir(folder.join("kernels")).unwrap().count();
        assert_eq!(files, 2, "no temporary file stays behind");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_truncated_or_foreign_entry_is_no_entry() {
        let folder = folder("truncated");
        write(&folder, "key", b"the code of a kernel");
        let path = path(&folder, "key");
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(read(&folder, "key"), None, "{length} bytes");
        }
        // The file of another key, as after a collision.
        write(&folder, "kez", b"other");
        fs::rename(super::path(&folder, "kez"), &path).unwrap();
        assert_eq!(read(&folder, "key"), None);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let file = folder("file");
        fs::write(&file, "not a folder").unwrap();
        write(&file, "key", b"code");
        assert_eq!(read(&file, "key"), None);
        fs::remove_file(&file).unwrap();
    }

    #[test]
    fn known_hash() {
        assert_eq!(hash(b""), 0x6c62272e07bb014262b821756295c58d);
        assert_eq!(hash(b"a"), 0xd228cb696f1a8caf78912b704e4a8964);
    }
}
