//! NumPy's `.npy` format: a header that is a Python dictionary, then the elements.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3.

use std::io::{Read, Write};

use chainer_kernels::Dtype;

use super::Entry;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Headers are padded so that the elements start at a multiple of this many bytes.
const ALIGNMENT: usize = 64;
/// Headers of arrays are some 100 bytes; a longer one is damaged.
const MAX_HEADER: usize = 1 << 16;

/// Python's pickle (protocol 2) of the array `numpy.array(None, dtype=object)`: what Chainer stores for an absent value.
const PICKLED_NONE: &[u8] = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02c_codecs\n\
    encode\nq\x03X\x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\t(K\x01)cnumpy\ndtype\nq\nX\x02\x00\
    \x00\x00O8q\x0bK\x00K\x01\x87q\x0cRq\r(K\x03X\x01\x00\x00\x00|q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0fb\x89]q\x10Natq\x11b.";

/// Writes an entry in `.npy` format, version 1.
///
/// bfloat16, which NumPy lacks, is widened to float32; texts become a `<U` scalar, as NumPy makes of a Python string; an object
/// becomes Python's `None`.
///
/// # Errors
/// What the writer reports.
pub fn write_npy(entry: &Entry, mut writer: impl Write) -> std::io::Result<()> {
    match entry {
        Entry::Array { dtype: Dtype::BF16, shape, .. } => {
            let wide: Vec<f32> = entry.to_vec().map_err(std::io::Error::other)?;
            write_npy(&Entry::array(shape.clone(), &wide), writer)
        }
        Entry::Array { dtype, shape, bytes } => {
            let order = if dtype.size() == 1 { '|' } else { '<' };
            let descr = format!("{order}{}{}", dtype.kind(), dtype.size());
            writer.write_all(&header(&descr, shape))?;
            writer.write_all(bytes)
        }
        Entry::Text(text) => {
            // NumPy has no strings of length zero: the empty one is stored as one NUL.
            let characters = text.chars().count().max(1);
            writer.write_all(&header(&format!("<U{characters}"), &[]))?;
            let mut bytes: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
            bytes.resize(characters * 4, 0);
            writer.write_all(&bytes)
        }
        Entry::Object => {
            writer.write_all(&header("|O", &[]))?;
            writer.write_all(PICKLED_NONE)
        }
    }
}

fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let axes = match shape {
        [] => "()".to_owned(),
        [n] => format!("({n},)"),
        more => format!("({})", more.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {axes}, }}");
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    text.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    text.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&[1, 0]);
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out
}

/// Reads an entry in `.npy` format. Big-endian and column-major contents are converted.
///
/// # Errors
/// The message says what is wrong: no such magic, a header that cannot be read, an element type that arrays cannot have (complex,
/// dates, structures), or fewer or more elements than the header says.
pub fn read_npy(mut reader: impl Read) -> Result<Entry, String> {
    let mut start = [0u8; 8];
    fill(&mut reader, &mut start, "the start of the header")?;
    if &start[..6] != MAGIC {
        return Err("this is no .npy data (its first bytes are not \\x93NUMPY)".to_owned());
    }
    let length = match start[6] {
        1 => {
            let mut bytes = [0u8; 2];
            fill(&mut reader, &mut bytes, "the header's length")?;
            u16::from_le_bytes(bytes) as usize
        }
        2 | 3 => {
            let mut bytes = [0u8; 4];
            fill(&mut reader, &mut bytes, "the header's length")?;
            u32::from_le_bytes(bytes) as usize
        }
        version => return Err(format!("expected .npy version 1, 2 or 3, found {version}")),
    };
    if length > MAX_HEADER {
        return Err(format!("the header claims to be {length} bytes long; the data is damaged"));
    }
    let mut bytes = vec![0u8; length];
    fill(&mut reader, &mut bytes, "the header")?;
    let text = String::from_utf8_lossy(&bytes);
    let header = Header::parse(&text).ok_or_else(|| format!("the header cannot be read: {:?}", text.trim()))?;
    header.read_elements(reader)
}

fn fill(reader: &mut impl Read, buffer: &mut [u8], what: &str) -> Result<(), String> {
    reader.read_exact(buffer).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => format!("the data ends inside {what}; it is truncated"),
        _ => format!("{what} cannot be read: {error}"),
    })
}

struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads the dictionary; its keys may come in any order.
    fn parse(text: &str) -> Option<Header> {
        let after = |key: &str| {
            let quoted = text.find(&format!("'{key}'"))? + key.len() + 2;
            Some(text[quoted..].trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = after("descr")?;
        // A structure's description is a list, which no array here can hold: keep its text for the message.
        let descr = match descr.strip_prefix('\'') {
            Some(rest) => &rest[..rest.find('\'')?],
            None => &descr[..descr.find(']')? + 1],
        };
        let fortran_order = match after("fortran_order")? {
            value if value.starts_with("True") => true,
            value if value.starts_with("False") => false,
            _ => return None,
        };
        let shape = after("shape")?.strip_prefix('(')?;
        let shape = shape[..shape.find(')')?]
            .split(',')
            .map(str::trim)
            .filter(|axis| !axis.is_empty())
            .map(|axis| axis.trim_end_matches('L').parse().ok())
            .collect::<Option<Vec<usize>>>()?;
        Some(Header { descr: descr.to_owned(), fortran_order, shape })
    }

    fn read_elements(self, mut reader: impl Read) -> Result<Entry, String> {
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        let width = || kind[1..].parse::<usize>().map_err(|_| format!("element type {:?} is unknown", self.descr));
        match kind.chars().next() {
            Some('U') => self.read_text(reader, width()?.saturating_mul(4)),
            Some('S') => self.read_text(reader, width()?),
            Some('O') => Ok(Entry::Object),
            _ => {
                let dtype: Dtype = kind.parse().map_err(|_| {
                    format!("element type {:?} is not supported; expected bool, integers or floats", self.descr)
                })?;
                let mut bytes = self.read_bytes(&mut reader, dtype.size())?;
                if self.descr.starts_with('>') {
                    bytes.chunks_exact_mut(dtype.size()).for_each(<[u8]>::reverse);
                }
                if self.fortran_order {
                    bytes = to_row_major(&bytes, &self.shape, dtype.size());
                }
                Ok(Entry::Array { dtype, shape: self.shape, bytes })
            }
        }
    }

    fn read_text(&self, mut reader: impl Read, size: usize) -> Result<Entry, String> {
        if !self.shape.is_empty() {
            return Err(format!("expected a single text, found texts of shape {:?}", self.shape));
        }
        let bytes = self.read_bytes(&mut reader, size)?;
        let big = self.descr.starts_with('>');
        let text = if self.descr.contains('U') {
            let code = |c: &[u8]| {
                let c = [c[0], c[1], c[2], c[3]];
                char::from_u32(if big { u32::from_be_bytes(c) } else { u32::from_le_bytes(c) })
            };
            bytes.chunks_exact(4).map(code).collect::<Option<String>>()
        } else {
            String::from_utf8(bytes).ok()
        };
        let text = text.ok_or("the text holds invalid characters")?;
        Ok(Entry::Text(text.trim_end_matches('\0').to_owned()))
    }

    /// The elements as they stand. Nothing is allocated on the header's word alone: a damaged one may claim any size.
    fn read_bytes(&self, reader: &mut impl Read, size: usize) -> Result<Vec<u8>, String> {
        let expected = self.shape.iter().try_fold(size, |all, n| all.checked_mul(*n));
        let expected = expected.ok_or_else(|| format!("shape {:?} is too large; the data is damaged", self.shape))?;
        let mut bytes = Vec::with_capacity(expected.min(1 << 24));
        reader.take(expected as u64).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
        if bytes.len() < expected {
            return Err(format!(
                "expected {expected} bytes for {} of shape {:?}, found {}; the data is truncated",
                self.descr,
                self.shape,
                bytes.len()
            ));
        }
        // Reading to the end also makes the archive compare its checksum.
        match reader.read(&mut [0u8; 1]) {
            Ok(0) => Ok(bytes),
            Ok(_) => Err(format!("there is more data than shape {:?} needs", self.shape)),
            Err(error) => Err(format!("cannot be read: {error}")),
        }
    }
}

/// Column-major elements in row-major order.
fn to_row_major(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut strides = Vec::with_capacity(shape.len());
    let mut step = size;
    for n in shape {
        strides.push(step);
        step *= n;
    }
    let mut index = vec![0usize; shape.len()];
    let mut offset = 0;
    for _ in 0..bytes.len() / size {
        out.extend_from_slice(&bytes[offset..offset + size]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            offset -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(entry: &Entry) -> Vec<u8> {
        let mut out = Vec::new();
        write_npy(entry, &mut out).unwrap();
        out
    }

    #[test]
    fn the_header_is_numpys() {
        let bytes = written(&Entry::scalar(5i64));
        assert_eq!(bytes.len(), 136);
        assert!(bytes[10..].starts_with(b"{'descr': '<i8', 'fortran_order': False, 'shape': (), }"));
        assert_eq!(bytes[127], b'\n');
        let bytes = written(&Entry::array(vec![3], &[true, false, true]));
        assert!(bytes[10..].starts_with(b"{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }"));
        assert_eq!(written(&Entry::Object).len(), 128 + 192, "as pickled by Python");
        assert!(written(&Entry::Text(String::new()))[10..].starts_with(b"{'descr': '<U1'"));
    }

    #[test]
    fn entries_come_back() {
        for entry in [
            Entry::scalar(2.5f64),
            Entry::array(vec![2, 3], &[1f32, 2., 3., 4., 5., 6.]),
            Entry::array(vec![0, 4], &[] as &[i32]),
            Entry::array(vec![2], &[chainer_kernels::f16::from_f32(0.5); 2]),
            Entry::Text("äöü [1]".to_owned()),
            Entry::Text(String::new()),
            Entry::Object,
        ] {
            assert_eq!(read_npy(&written(&entry)[..]).unwrap(), entry);
        }
    }

    #[test]
    fn big_endian_and_column_major_are_converted() {
        let mut bytes = b"\x93NUMPY\x01\x00\x3e\x00".to_vec();
        let text = "{'shape': (2, 3), 'fortran_order': True, 'descr': '>i2'}";
        bytes.extend_from_slice(format!("{text:<61}\n").as_bytes());
        for value in [1i16, 4, 2, 5, 3, 6] {
            bytes.extend_from_slice(&value.to_be_bytes());
        }
        assert_eq!(read_npy(&bytes[..]).unwrap(), Entry::array(vec![2, 3], &[1i16, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn every_truncation_and_damage_is_an_error() {
        let whole = written(&Entry::array(vec![2, 2], &[1f32, 2., 3., 4.]));
        for length in 0..whole.len() {
            assert!(read_npy(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(read_npy(&longer[..]).unwrap_err().contains("more data"));
        let huge = String::from_utf8_lossy(&whole[10..128]).replace("(2, 2)", "(99999999999999, 99999999999999)");
        let mut damaged = whole[..8].to_vec();
        damaged.extend_from_slice(&(huge.len() as u16).to_le_bytes());
        damaged.extend_from_slice(huge.as_bytes());
        assert!(read_npy(&damaged[..]).unwrap_err().contains("too large"));
        let complex = String::from_utf8_lossy(&whole[..128]).replace("<f4", "<c8");
        assert!(read_npy(complex.as_bytes()).is_err());
    }
}
