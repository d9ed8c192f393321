//! Short names for what a module imports.
//!
//! wasm-bindgen names each import by what it does and a hash: forty bytes that are all different, in the module and once more
//! in its JavaScript half. Nobody but these two reads them.

use anyhow::{Result, bail};
use walrus::Module;

/// Renames every import of the module, there and in the glue.
///
/// # Errors
/// When the glue does not have an import as a field of its own.
pub(super) fn shorten(module: &mut Module, glue: &mut Vec<u8>) -> Result<()> {
    let mut text = String::from_utf8_lossy(glue).into_owned();
    for (place, import) in module.imports.iter_mut().enumerate() {
        let field = format!(" {}: ", import.name);
        if text.matches(&field).count() != 1 {
            bail!("the glue has no field {:?}", import.name);
        }
        import.name = name(place);
        text = text.replace(&field, &format!(" {}: ", import.name));
    }
    *glue = text.into_bytes();
    Ok(())
}

/// `a` to `z`, `aa`, `ba` and so on. A number and a letter would do as well, but not without quotation marks.
fn name(mut place: usize) -> String {
    let mut name = String::new();
    loop {
        name.push(char::from(b'a' + (place % 26) as u8));
        if place < 26 {
            return name;
        }
        place = place / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_have_the_same_short_name_on_both_sides() {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        module.add_import_func("./glue.js", "__wbg_click_0f", kind);
        module.add_import_func("./glue.js", "__wbg_close_1e", kind);
        let mut glue = b"{ __wbg_click_0f: function() {}, __wbg_close_1e: f }".to_vec();
        shorten(&mut module, &mut glue).unwrap();
        assert_eq!(glue, b"{ a: function() {}, b: f }");
        let names: Vec<_> = module.imports.iter().map(|import| &import.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(
            shorten(&mut module, &mut b"{}".to_vec())
                .unwrap_err()
                .to_string(),
            "the glue has no field \"a\""
        );
    }

    #[test]
    fn no_two_places_have_the_same_name() {
        let names: std::collections::BTreeSet<_> = (0..2000).map(name).collect();
        assert_eq!(names.len(), 2000);
        assert_eq!([0, 25, 26, 27].map(name), ["a", "z", "aa", "ba"]);
    }
}
