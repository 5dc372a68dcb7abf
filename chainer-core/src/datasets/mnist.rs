//! Handwritten digits.

use std::path::{Path, PathBuf};
use std::sync::Once;

use chainer_kernels::{Array, ArrayOps, Dtype, Error, ErrorKind, Result, with_element};

use super::TupleDataset;
use super::idx::Idx;
use crate::dataset::get_dataset_root;
use crate::serializers::{NpzDeserializer, Store};

/// Images (or any arrays) with their labels.
pub type LabeledArrays = TupleDataset<(Array, Array)>;

/// The MNIST digits: a training and a test set of images with labels. [`Mnist`] with its defaults.
///
/// Each image is a float32 array of 784 values from 0 to 1, each label an int32 array without axes.
///
/// # Errors
/// Files of MNIST were found but cannot be read or are incomplete.
pub fn get_mnist() -> Result<(LabeledArrays, LabeledArrays)> {
    Mnist::new().load()
}

/// How to load the MNIST digits.
///
/// The files are looked for in the folder `pfnet/chainer/mnist` below the
/// [dataset root](crate::dataset::get_dataset_root): `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
/// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, plain or with `.gz`, or the `train.npz` and `test.npz` that Chainer keeps
/// there. Without any of them, 10,000 of the digits that come with this crate are used, 8,000 for training and 2,000 for testing,
/// and a line on the standard error says so.
///
/// ```
/// use chainer::datasets::Mnist;
/// use chainer::dataset::Dataset;
///
/// let (train, test) = Mnist::new().ndim(3).scale(255.0).embedded().load()?;
/// assert_eq!((train.len(), test.len()), (8000, 2000));
/// let (image, label) = train.get_example(0)?;
/// assert_eq!(image.dims()?, [1, 28, 28]);
/// assert!(label.item::<i32>()? < 10);
/// # Ok::<(), chainer_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mnist {
    ndim: usize,
    scale: f64,
    dtype: Dtype,
    label_dtype: Dtype,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// Files if there are any, else the digits of the crate.
    Any,
    Folder(PathBuf),
    Embedded,
}

/// Side of an image.
const SIDE: usize = 28;
/// Images of the embedded data that are for training; the others are for testing.
const EMBEDDED_TRAINING: usize = 8000;

impl Default for Mnist {
    fn default() -> Self {
        Self::new()
    }
}

impl Mnist {
    /// Flat float32 images with values from 0 to 1, and int32 labels.
    pub fn new() -> Self {
        Mnist { ndim: 1, scale: 1.0, dtype: Dtype::F32, label_dtype: Dtype::I32, source: Source::Any }
    }

    /// The axes of an image: 1 for `(784,)`, 2 for `(28, 28)`, 3 for `(1, 28, 28)`.
    pub fn ndim(mut self, ndim: usize) -> Self {
        self.ndim = ndim;
        self
    }

    /// The value of a white pixel; black is 0.
    pub fn scale(mut self, scale: f64) -> Self {
        self.scale = scale;
        self
    }

    /// The dtype of images.
    pub fn dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self
    }

    /// The dtype of labels.
    pub fn label_dtype(mut self, dtype: Dtype) -> Self {
        self.label_dtype = dtype;
        self
    }

    /// Reads the files of this folder, which have to be there.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.source = Source::Folder(folder.into());
        self
    }

    /// Uses the digits that come with this crate, without saying so.
    pub fn embedded(mut self) -> Self {
        self.source = Source::Embedded;
        self
    }

    /// The training and the test set: images with labels.
    ///
    /// # Errors
    /// Files of MNIST are incomplete or damaged, or an option has an impossible value.
    pub fn load(&self) -> Result<(LabeledArrays, LabeledArrays)> {
        let (train, test) = self.raw()?;
        let labelled = |raw: &Raw| TupleDataset::new((self.images(raw)?, self.labels(raw)?));
        Ok((labelled(&train)?, labelled(&test)?))
    }

    /// The images of the training and the test set without labels (Chainer's `withlabel=False`): arrays whose rows are the examples.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_images(&self) -> Result<(Array, Array)> {
        let (train, test) = self.raw()?;
        Ok((self.images(&train)?, self.images(&test)?))
    }

    fn raw(&self) -> Result<(Raw, Raw)> {
        match &self.source {
            Source::Embedded => embedded(),
            Source::Folder(folder) => {
                let missing = || {
                    let expect = FILES.map(|(images, labels)| format!("{images} and {labels}")).join(", ");
                    let message = format!("{}: expected {expect}, found none of them", folder.display());
                    Error::new(ErrorKind::Io, "get_mnist", message)
                };
                from_folder(folder)?.ok_or_else(missing)
            }
            Source::Any => {
                let folder = get_dataset_root().join("pfnet").join("chainer").join("mnist");
                if let Some(found) = from_folder(&folder)? {
                    return Ok(found);
                }
                static SAID: Once = Once::new();
                SAID.call_once(|| {
                    eprintln!(
                        "MNIST is not in {}: using 10,000 of its digits that come with this crate (8,000 to train, 2,000 to test).",
                        folder.display()
                    );
                });
                embedded()
            }
        }
    }

    fn images(&self, raw: &Raw) -> Result<Array> {
        let shape = match self.ndim {
            1 => vec![raw.labels.len(), SIDE * SIDE],
            2 => vec![raw.labels.len(), SIDE, SIDE],
            3 => vec![raw.labels.len(), 1, SIDE, SIDE],
            other => return Err(Error::value("get_mnist", "ndim of 1, 2 or 3", other)),
        };
        // There are only 256 values: scaled once each, with the arithmetic of the dtype.
        let levels = Array::from((0..256).map(f64::from).collect::<Vec<_>>()).astype(self.dtype) * (self.scale / 255.0);
        with_element!(self.dtype, T => {
            let levels = levels.astype(self.dtype).to_vec::<T>()?;
            let pixels: Vec<T> = raw.images.iter().map(|byte| levels[usize::from(*byte)]).collect();
            Ok(Array::from_vec(pixels, shape))
        })
    }

    fn labels(&self, raw: &Raw) -> Result<Array> {
        let labels = Array::from(raw.labels.as_slice()).astype(self.label_dtype);
        labels.force()?;
        Ok(labels)
    }
}

/// Bytes as they are in the files.
struct Raw {
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Raw {
    fn new(images: Idx, labels: Idx) -> Result<Raw, String> {
        let count = labels.shape.iter().product::<usize>();
        let pixels = images.shape.get(1..).map(|axes| axes.iter().product::<usize>());
        if images.shape.first() != Some(&count) || labels.shape.len() != 1 || pixels != Some(SIDE * SIDE) {
            return Err(format!(
                "expected images of shape [n, {SIDE}, {SIDE}] and labels of shape [n], found {:?} and {:?}",
                images.shape, labels.shape
            ));
        }
        if let Some(wrong) = labels.bytes.iter().find(|label| **label > 9) {
            return Err(format!("expected labels from 0 to 9, found {wrong}"));
        }
        Ok(Raw { images: images.bytes, labels: labels.bytes })
    }

    fn split(mut self, count: usize) -> (Raw, Raw) {
        let images = self.images.split_off(count * SIDE * SIDE);
        let labels = self.labels.split_off(count);
        (self, Raw { images, labels })
    }
}

/// Images and labels of the training and the test set.
const FILES: [(&str, &str); 2] =
    [("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")];
/// The files in which Chainer keeps what it downloaded.
const CHAINER_FILES: [&str; 2] = ["train.npz", "test.npz"];

fn embedded() -> Result<(Raw, Raw)> {
    let images = Idx::parse(include_bytes!("../../data/mnist/digits-images-idx3-ubyte.gz"));
    let labels = Idx::parse(include_bytes!("../../data/mnist/digits-labels-idx1-ubyte.gz"));
    let raw = images.and_then(|images| Raw::new(images, labels?));
    raw.map(|raw| raw.split(EMBEDDED_TRAINING)).map_err(|message| Error::new(ErrorKind::Format, "get_mnist", message))
}

/// The digits of a folder; `None` if it holds no file of MNIST.
fn from_folder(folder: &Path) -> Result<Option<(Raw, Raw)>> {
    let found = FILES.map(|(images, labels)| [find(folder, images), find(folder, labels)]);
    match found {
        [[None, None], [None, None]] => from_chainer(folder),
        [[Some(a), Some(b)], [Some(c), Some(d)]] => Ok(Some((read(&a, &b)?, read(&c, &d)?))),
        some => {
            let names = FILES.into_iter().flat_map(|(images, labels)| [images, labels]);
            let missing: Vec<_> = names
                .zip(some.into_iter().flatten())
                .filter(|(_, path)| path.is_none())
                .map(|(name, _)| name)
                .collect();
            let message =
                format!("{}: expected four files of MNIST, missing are {}", folder.display(), missing.join(", "));
            Err(Error::new(ErrorKind::Io, "get_mnist", message))
        }
    }
}

/// The file of a name, plain or compressed, in either of the spellings in use.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    let names = [name.to_owned(), format!("{name}.gz"), format!("{dotted}.gz"), dotted];
    names.into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn read(images: &Path, labels: &Path) -> Result<Raw> {
    let idx = |path: &Path| {
        let data = std::fs::read(path).map_err(|error| Error::io("get_mnist", path, error))?;
        Idx::parse(&data).map_err(|message| damaged(path, &message))
    };
    Raw::new(idx(images)?, idx(labels)?).map_err(|message| damaged(images, &message))
}

fn damaged(path: &Path, message: &str) -> Error {
    Error::new(ErrorKind::Format, "get_mnist", format!("{}: {message}", path.display()))
}

/// The digits as Chainer caches them: arrays `x` (n × 784) and `y` (n) of bytes.
fn from_chainer(folder: &Path) -> Result<Option<(Raw, Raw)>> {
    let [train, test] = CHAINER_FILES.map(|name| folder.join(name));
    if !train.is_file() || !test.is_file() {
        return Ok(None);
    }
    let read = |path: &Path| {
        let mut file = NpzDeserializer::open(path)?;
        let mut bytes = |key: &str| -> Result<Idx> {
            let array = file.get(key)?.and_then(|entry| entry.to_array());
            let array = array.filter(|array| array.dtype() == Dtype::U8);
            let array = array.ok_or_else(|| damaged(path, &format!("expected an array {key:?} of uint8")))?;
            Ok(Idx { shape: array.shape().to_vec(), bytes: array.to_vec()? })
        };
        Raw::new(bytes("x")?, bytes("y")?).map_err(|message| damaged(path, &message))
    };
    Ok(Some((read(&train)?, read(&test)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::serializers::{DictionarySerializer, Entry};

    /// Writes files of two training digits and one test digit.
    fn write_files(folder: &Path) {
        for (name, count) in [("train", 2u8), ("t10k", 1)] {
            let images = [&[0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28][..], &vec![51; 784 * count as usize]];
            std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images.concat()).unwrap();
            let labels = [&[0, 0, 8, 1, 0, 0, 0, count][..], &vec![7; count as usize]];
            std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels.concat()).unwrap();
        }
    }

    #[test]
    fn the_embedded_digits_are_balanced_and_look_like_digits() {
        let (train, test) = Mnist::new().embedded().load().unwrap();
        assert_eq!((train.len(), test.len()), (8000, 2000));
        let (images, labels) = train.datasets();
        assert_eq!((images.dims().unwrap(), images.dtype()), ([8000, 784], Dtype::F32));
        assert_eq!(labels.dtype(), Dtype::I32);
        for (set, size) in [(&train, 8000), (&test, 2000)] {
            let mut counts = [0; 10];
            set.datasets().1.to_vec::<i32>().unwrap().iter().for_each(|label| counts[*label as usize] += 1);
            assert!(counts.iter().all(|count| (size / 12..size / 8).contains(count)), "{counts:?}");
        }
        let pixels = images.to_vec::<f32>().unwrap();
        assert!(pixels.iter().all(|x| (0.0..=1.0).contains(x)));
        let mean = pixels.iter().sum::<f32>() / pixels.len() as f32;
        assert!((0.12..0.14).contains(&mean), "{mean}");
    }

    #[test]
    fn options_are_chainers() {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path());
        let mnist = Mnist::new().folder(folder.path());
        let (train, test) = mnist.clone().ndim(2).scale(5.0).dtype(Dtype::F64).label_dtype(Dtype::I64).load().unwrap();
        let (image, label) = test.get_example(0).unwrap();
        assert_eq!(image.dims().unwrap(), [28, 28]);
        assert_eq!(image.to_vec::<f64>().unwrap()[0], 51.0 * (5.0 / 255.0));
        assert_eq!((label.dtype(), label.ndim(), label.item::<i64>().unwrap()), (Dtype::I64, 0, 7));
        assert_eq!(train.len(), 2);
        let (images, _) = mnist.clone().ndim(3).load_images().unwrap();
        assert_eq!(images.dims().unwrap(), [2, 1, 28, 28]);
        let (bytes, _) = mnist.clone().dtype(Dtype::U8).scale(255.0).load_images().unwrap();
        assert_eq!(bytes.to_vec::<u8>().unwrap()[0], 51);
        assert!(mnist.clone().ndim(4).load().unwrap_err().to_string().contains("ndim"));
    }

    #[test]
    fn missing_and_damaged_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let mnist = Mnist::new().folder(folder.path());
        assert!(mnist.load().unwrap_err().to_string().contains("found none"));
        write_files(folder.path());
        let labels = folder.path().join("train-labels-idx1-ubyte");
        let good = std::fs::read(&labels).unwrap();
        std::fs::remove_file(&labels).unwrap();
        let error = mnist.load().unwrap_err();
        assert!(error.to_string().contains("missing are train-labels-idx1-ubyte"), "{error}");
        std::fs::write(&labels, &good[..9]).unwrap();
        let error = mnist.load().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        assert!(error.to_string().contains("train-labels-idx1-ubyte"), "{error}");
        std::fs::write(&labels, [&good[..9], &[10]].concat()).unwrap();
        assert!(mnist.load().unwrap_err().to_string().contains("found 10"));
        std::fs::write(&labels, [&[0, 0, 8, 1, 0, 0, 0, 1][..], &[1]].concat()).unwrap();
        assert!(mnist.load().unwrap_err().to_string().contains("[1]"));
    }

    #[test]
    fn the_files_of_chainer_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for (name, count) in [("train.npz", 3), ("test.npz", 1)] {
            let mut file = DictionarySerializer::new();
            file.put("x", Entry::array(vec![count, 784], &vec![255u8; count * 784])).unwrap();
            file.put("y", Entry::array(vec![count], &vec![4u8; count])).unwrap();
            file.write(folder.path().join(name), true).unwrap();
        }
        let (train, test) = Mnist::new().folder(folder.path()).load().unwrap();
        assert_eq!((train.len(), test.len()), (3, 1));
        let (image, label) = train.get_example(2).unwrap();
        assert_eq!((image.to_vec::<f32>().unwrap()[783], label.item::<i32>().unwrap()), (1.0, 4));
    }
}
