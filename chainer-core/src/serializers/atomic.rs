//! Files that are either the old one or the complete new one, never half of it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chainer_kernels::{Error, Result};

/// Makes a folder with its parents. A folder that exists is fine.
///
/// # Errors
/// The folder cannot be made: no permission, or a file stands in the way.
pub fn create_folder(operation: &'static str, path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|error| Error::io(operation, path, error))
}

/// Writes a file through `write` into a temporary file beside it, and renames that to `path` when everything is on it.
///
/// If `write` fails or the program dies, `path` is what it was before.
///
/// # Errors
/// The folder does not exist or cannot be written, the disk is full, or `write` failed.
pub fn write_atomically(
    operation: &'static str,
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<()>,
) -> Result<()> {
    let failed = |error| Error::io(operation, path, error);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{}.", path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default());
    builder.prefix(&prefix).suffix(".tmp");
    // Temporary files are private by default; this one becomes a result that others may read, as far as the umask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
    let mut writer = BufWriter::new(temporary.as_file_mut());
    write(&mut writer)?;
    writer.flush().map_err(failed)?;
    drop(writer);
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainer_kernels::ErrorKind;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_atomically("test", &path, |file| file.write_all(b"old").map_err(|e| Error::io("test", &path, e)))
            .unwrap();
        let error = write_atomically("test", &path, |file| {
            file.write_all(b"half").unwrap();
            Err(Error::new(ErrorKind::State, "test", "stop"))
        });
        assert!(error.is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let path = Path::new("/nonexistent-folder/state.npz");
        let error = write_atomically("save_npz", path, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("/nonexistent-folder/state.npz"), "{error}");
    }
}
