//! `.npz` files: a zip archive with one `.npy` entry a value, named by its path, as `numpy.savez` and Chainer's `save_npz` write.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use chainer_kernels::{Error, ErrorKind, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Entry, Serializable, Serializer, Store, read_npy, write_atomically, write_npy};

/// The deflate level. Weights hardly compress; higher levels only take longer.
const FAST: i64 = 1;

/// Saves the state of an object to an `.npz` file, compressed, with Chainer's key names.
///
/// The file is written beside its final place and renamed, so an interrupted program leaves the old one intact. Chainer and
/// `numpy.load` read it. Use [`DictionarySerializer`] for a file without compression.
///
/// # Errors
/// The file cannot be written, or a value of the object has failed.
pub fn save_npz(path: impl AsRef<Path>, target: impl Serializable) -> Result<()> {
    DictionarySerializer::of(target)?.write(path, true)
}

/// Restores the state of an object from an `.npz` file that [`save_npz`] or Chainer wrote.
///
/// Entries that the object does not ask for are ignored. To accept missing ones as well, use [`NpzDeserializer::strict`].
///
/// # Errors
/// The file cannot be read, is damaged or truncated, lacks a value of the object, or holds one of another shape or kind. The object
/// may then have been restored in part.
pub fn load_npz(path: impl AsRef<Path>, target: impl Serializable) -> Result<()> {
    NpzDeserializer::open(path)?.load(target)
}

/// Collects the values of an object as a flat list of paths and entries, which can be written as an `.npz` file.
#[derive(Default, Debug)]
pub struct DictionarySerializer {
    entries: Vec<(String, Entry)>,
    index: HashMap<String, usize>,
}

impl DictionarySerializer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that holds the state of an object.
    pub fn of(mut target: impl Serializable) -> Result<Self> {
        let mut dictionary = Self::new();
        target.serialize(&mut Serializer::new(&mut dictionary))?;
        Ok(dictionary)
    }

    /// The entry at a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.index.get(path).map(|i| &self.entries[*i].1)
    }

    /// The paths in the order in which they were stored.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(path, _)| path.as_str())
    }

    /// Writes everything to an `.npz` file, through a temporary file that is renamed.
    pub fn write(&self, path: impl AsRef<Path>, compression: bool) -> Result<()> {
        let path = path.as_ref();
        write_atomically("save_npz", path, |file| {
            self.write_to(file, compression).map_err(|error| Error::io("save_npz", path, error))
        })
    }

    fn write_to(&self, writer: impl Write + Seek, compression: bool) -> std::io::Result<()> {
        let method = if compression { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let mut archive = ZipWriter::new(writer);
        for (path, entry) in &self.entries {
            let bytes = if let Entry::Array { bytes, .. } = entry { bytes.len() } else { 0 };
            // Entries of 4 GiB and more need the 64-bit form; half of that leaves room for bfloat16, which is written twice as wide.
            let options = SimpleFileOptions::default()
                .compression_method(method)
                .compression_level(compression.then_some(FAST))
                .large_file(bytes >= 1 << 31);
            archive.start_file(format!("{path}.npy"), options)?;
            write_npy(entry, &mut archive)?;
        }
        archive.finish()?.flush()
    }
}

impl Store for DictionarySerializer {
    fn is_loading(&self) -> bool {
        false
    }

    fn put(&mut self, path: &str, entry: Entry) -> Result<()> {
        let fresh = self.entries.len();
        match *self.index.entry(path.to_owned()).or_insert(fresh) {
            old if old < fresh => self.entries[old].1 = entry,
            _ => self.entries.push((path.to_owned(), entry)),
        }
        Ok(())
    }

    fn get(&mut self, _path: &str) -> Result<Option<Entry>> {
        Ok(None)
    }

    fn describe(&self) -> String {
        "dictionary".to_owned()
    }
}

/// Reads the entries of an `.npz` file, each when it is asked for.
pub struct NpzDeserializer {
    archive: ZipArchive<BufReader<File>>,
    path: PathBuf,
    strict: bool,
}

impl std::fmt::Debug for NpzDeserializer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NpzDeserializer({})", self.path.display())
    }
}

impl NpzDeserializer {
    /// Opens a file.
    ///
    /// # Errors
    /// The file cannot be read, or is no zip archive (a truncated one has lost its table of contents).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).map_err(|error| Error::io("load_npz", &path, error))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            let message = format!("{}: this is no npz file, or it is damaged or truncated: {error}", path.display());
            Error::new(ErrorKind::Format, "load_npz", message)
        })?;
        Ok(NpzDeserializer { archive, path, strict: true })
    }

    /// Whether a missing entry is an error (the default) or leaves the object's value as it is.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// The paths of all entries, in the order of the file.
    pub fn keys(&self) -> Vec<String> {
        self.archive.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect()
    }

    /// Restores the state of an object.
    pub fn load(mut self, mut target: impl Serializable) -> Result<()> {
        target.serialize(&mut Serializer::new(&mut self))
    }
}

impl Store for NpzDeserializer {
    fn is_loading(&self) -> bool {
        true
    }

    fn put(&mut self, _path: &str, _entry: Entry) -> Result<()> {
        Err(Error::new(ErrorKind::State, "load_npz", "a file that is being read cannot be written"))
    }

    fn get(&mut self, path: &str) -> Result<Option<Entry>> {
        let damaged = |file: &Path, message: String| {
            Error::new(ErrorKind::Format, "load_npz", format!("{}: entry {path:?}: {message}", file.display()))
        };
        let Some(index) = self.archive.index_for_name(&format!("{path}.npy")) else { return Ok(None) };
        let entry = self.archive.by_index(index).map_err(|error| damaged(&self.path, error.to_string()))?;
        read_npy(entry).map(Some).map_err(|message| damaged(&self.path, message))
    }

    fn is_strict(&self) -> bool {
        self.strict
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, PartialEq, Debug)]
    struct State {
        count: usize,
        names: String,
        inner: Vec<f64>,
    }

    impl Serializable for State {
        fn serialize(&mut self, s: &mut Serializer<'_>) -> Result<()> {
            s.value("count", &mut self.count)?;
            s.value("names", &mut self.names)?;
            s.child("part").child("deep").value("inner", &mut self.inner)
        }
    }

    fn example() -> State {
        State { count: 3, names: "[\"a\"]".to_owned(), inner: (0..500).map(f64::from).collect() }
    }

    #[test]
    fn state_comes_back_from_both_kinds_of_file() {
        let folder = tempfile::tempdir().unwrap();
        for compression in [false, true] {
            let path = folder.path().join("state.npz");
            DictionarySerializer::of(&mut example()).unwrap().write(&path, compression).unwrap();
            let mut restored = State::default();
            load_npz(&path, &mut restored).unwrap();
            assert_eq!(restored, example());
            assert_eq!(NpzDeserializer::open(&path).unwrap().keys(), ["count", "names", "part/deep/inner"]);
        }
    }

    #[test]
    fn every_truncation_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.npz");
        save_npz(&path, &mut example()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in (0..whole.len()).step_by(7) {
            std::fs::write(&path, &whole[..length]).unwrap();
            let error = load_npz(&path, &mut State::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format);
            assert!(error.to_string().contains("state.npz"), "{error}");
        }
    }

    #[test]
    fn a_flipped_byte_is_never_a_wrong_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.npz");
        save_npz(&path, &mut example()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            let mut restored = State::default();
            // Some bytes (times, attributes) do not matter; where loading succeeds, the values are the true ones.
            if load_npz(&path, &mut restored).is_ok() {
                assert_eq!(restored, example(), "byte {position}");
            }
        }
    }

    #[test]
    fn missing_files_and_entries_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let error = load_npz(folder.path().join("none.npz"), &mut State::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let path = folder.path().join("partial.npz");
        let mut dictionary = DictionarySerializer::new();
        dictionary.put("count", Entry::scalar(9i64)).unwrap();
        dictionary.write(&path, true).unwrap();
        let error = load_npz(&path, &mut State::default()).unwrap_err();
        assert!(error.to_string().contains("\"names\""), "{error}");
        let mut lenient = State::default();
        NpzDeserializer::open(&path).unwrap().strict(false).load(&mut lenient).unwrap();
        assert_eq!(lenient, State { count: 9, ..State::default() });
    }
}
