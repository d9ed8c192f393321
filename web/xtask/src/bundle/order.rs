//! An order of functions in which gzip finds more to repeat.
//!
//! Gzip looks back by 32 KiB, and a module is larger. Functions that begin alike often go on alike, so they are put side by
//! side: about two hundredths of a module. What a function does has nothing to do with where it stands.

use anyhow::{Context, Result};
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::{Parser, Payload};

/// The same module with names for its functions, which sort in the order of what is in them.
///
/// # Errors
/// When the module cannot be read.
pub(super) fn name_by_content(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("read the module")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import.context("read an import")?;
                    imported += u32::from(matches!(import.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut sorted: Vec<(&[u8], u32)> = bodies.into_iter().zip(imported..).collect();
    sorted.sort();
    let mut names: Vec<(u32, usize)> = sorted.iter().map(|(_, index)| *index).zip(0..).collect();
    names.sort();
    let mut map = NameMap::new();
    for (index, place) in names {
        map.append(index, &format!("{place:06}"));
    }
    let mut section = NameSection::new();
    section.functions(&map);
    let mut named = wasm.to_vec();
    section.append_to(&mut named);
    Ok(named)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection};
    use wasmparser::{KnownCustom, Name};

    use super::*;

    #[test]
    fn names_sort_as_the_bodies_do() {
        let bodies = [[0x41, 3], [0x41, 1], [0x01, 9]];
        let (mut types, mut functions, mut code) = (
            TypeSection::new(),
            FunctionSection::new(),
            CodeSection::new(),
        );
        types.ty().function([], []);
        for body in bodies {
            functions.function(0);
            let mut function = Function::new([]);
            function.raw(body);
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        let named = name_by_content(&module.finish()).expect("it reads");
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(&named) {
            if let Payload::CustomSection(section) = payload.expect("still a module")
                && let KnownCustom::Name(sections) = section.as_known()
            {
                for section in sections {
                    if let Name::Function(map) = section.expect("names") {
                        names.extend(map.into_iter().map(|name| name.expect("a name").name));
                    }
                }
            }
        }
        assert_eq!(names, ["000002", "000001", "000000"]);
    }
}
