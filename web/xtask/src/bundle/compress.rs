//! The twins that a host sends to browsers that take them: `name.gz` beside `name`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::bundle::site::Files;

/// Adds a compressed twin to every file that becomes smaller by it.
pub(super) fn add_twins(files: &mut Files) {
    let twins: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(name, bytes)| (format!("{name}.gz"), bytes.len(), gzip(bytes)))
        .filter(|(_, plain, twin)| twin.len() < *plain)
        .map(|(name, _, twin)| (name, twin))
        .collect();
    files.extend(twins);
}

/// The bytes after gzip at its best level. No time and no name go in: equal files have equal twins.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)
        .and_then(|()| gzip.finish())
        .expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_file_has_a_twin_only_where_that_is_smaller_and_says_the_same() {
        let text = b"datagram ".repeat(100);
        let mut files = Files::from([
            ("long.js".to_owned(), text.clone()),
            ("x".to_owned(), vec![1]),
        ]);
        add_twins(&mut files);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["long.js", "long.js.gz", "x"]);
        let mut read = Vec::new();
        let mut twin = flate2::read::GzDecoder::new(files["long.js.gz"].as_slice());
        twin.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
