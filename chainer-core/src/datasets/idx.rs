//! The IDX format of the MNIST files: a magic number, the axes, then bytes; often compressed with gzip.
//!
//! Format: <http://yann.lecun.com/exdb/mnist/>.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// The contents of an IDX file of unsigned bytes.
#[derive(Debug, PartialEq)]
pub(crate) struct Idx {
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

impl Idx {
    /// Reads the contents of a file, unpacking them first if they are compressed.
    ///
    /// The error says what is wrong with the data.
    pub fn parse(data: &[u8]) -> Result<Idx, String> {
        if data.starts_with(&[0x1f, 0x8b]) {
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(data)
                .read_to_end(&mut unpacked)
                .map_err(|error| format!("the gzip data is damaged or truncated: {error}"))?;
            return Idx::parse_plain(&unpacked);
        }
        Idx::parse_plain(data)
    }

    fn parse_plain(data: &[u8]) -> Result<Idx, String> {
        let [0, 0, kind, axes, rest @ ..] = data else {
            return Err("this is no IDX data (its first two bytes are not zero)".to_owned());
        };
        if *kind != 8 {
            return Err(format!("expected unsigned bytes (type 0x08), found type {kind:#04x}"));
        }
        let axes = usize::from(*axes);
        if rest.len() < 4 * axes {
            return Err("the data ends inside the header; it is truncated".to_owned());
        }
        let (header, elements) = rest.split_at(4 * axes);
        let shape: Vec<usize> =
            header.chunks_exact(4).map(|n| u32::from_be_bytes([n[0], n[1], n[2], n[3]]) as usize).collect();
        let expected = shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
        if expected != Some(elements.len()) {
            return Err(format!("expected the elements of shape {shape:?}, found {} bytes", elements.len()));
        }
        Ok(Idx { shape, bytes: elements.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; 18] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    #[test]
    fn plain_and_compressed_data_are_read() {
        let want = Idx { shape: vec![2, 3], bytes: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(Idx::parse(&PLAIN).unwrap(), want);
        let mut encoder = flate2::read::GzEncoder::new(&PLAIN[..], flate2::Compression::default());
        let mut packed = Vec::new();
        encoder.read_to_end(&mut packed).unwrap();
        assert_eq!(Idx::parse(&packed).unwrap(), want);
        for length in 0..packed.len() {
            assert!(Idx::parse(&packed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn damaged_data_is_an_error() {
        for length in 0..PLAIN.len() {
            assert!(Idx::parse(&PLAIN[..length]).is_err(), "{length} bytes");
        }
        assert!(Idx::parse(&[&PLAIN[..], &[7]].concat()).unwrap_err().contains("7 bytes"));
        assert!(Idx::parse(b"PK\x03\x04").is_err());
        assert!(Idx::parse(&[0, 0, 13, 0]).unwrap_err().contains("0x0d"));
    }
}
