//! The twins that a host sends to browsers that take them: `name.br` and `name.gz` beside `name`.

use brotli::enc::BrotliEncoderParams;

use crate::bundle::site::Files;

/// A way to make bytes fewer.
type Compress = fn(&[u8]) -> Vec<u8>;

/// How each kind of twin is made, by the end of its name.
const KINDS: [(&str, Compress); 2] = [("br", brotli), ("gz", gzip)];

/// How gzip begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Adds to every file the compressed twins that are smaller than it. What is gzip itself has none, for all of it would be there twice.
pub(crate) fn add_twins(files: &mut Files) {
    let mut twins = Files::new();
    for (name, bytes) in files.iter() {
        if bytes.starts_with(&GZIP) {
            continue;
        }
        for (kind, compress) in KINDS {
            let twin = compress(bytes);
            if twin.len() < bytes.len() {
                twins.insert(format!("{name}.{kind}"), twin);
            }
        }
    }
    files.extend(twins);
}

/// Whether a file is the twin of another.
pub(crate) fn is_twin(name: &str) -> bool {
    KINDS
        .iter()
        .any(|(kind, _)| name.rsplit_once('.').is_some_and(|(_, end)| end == *kind))
}

/// The bytes as gzip has them. Zopfli looks for longer than `gzip -9` and saves one byte in twenty of our modules; what
/// unpacks it is the same. No time and no name go in: equal files have equal twins.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut twin = Vec::new();
    zopfli::compress(
        zopfli::Options::default(),
        zopfli::Format::Gzip,
        bytes,
        &mut twin,
    )
    .expect("writing to memory cannot fail");
    twin
}

/// The bytes after brotli at its best level, which is that of its defaults.
fn brotli(mut bytes: &[u8]) -> Vec<u8> {
    let mut twin = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut twin, &BrotliEncoderParams::default())
        .expect("writing to memory cannot fail");
    twin
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_file_has_twins_only_where_they_are_smaller_and_say_the_same() {
        let text = b"datagram ".repeat(100);
        let mut files = Files::from([
            ("long.js".to_owned(), text.clone()),
            ("x".to_owned(), vec![1]),
            ("long.tgz".to_owned(), [&GZIP[..], &text].concat()),
        ]);
        add_twins(&mut files);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["long.js", "long.js.br", "long.js.gz", "long.tgz", "x"]
        );
        let twins: Vec<bool> = names.iter().map(|name| is_twin(name)).collect();
        assert_eq!(twins, [false, true, true, false, false]);
        let mut read = Vec::new();
        let mut twin = flate2::read::GzDecoder::new(files["long.js.gz"].as_slice());
        twin.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
        let mut read = Vec::new();
        brotli::BrotliDecompress(&mut files["long.js.br"].as_slice(), &mut read).unwrap();
        assert_eq!(read, text);
    }
}
