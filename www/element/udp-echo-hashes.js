// Hashes of the chunks: the bundle writes them here. The loader knows the hash of this file.
export default {};
