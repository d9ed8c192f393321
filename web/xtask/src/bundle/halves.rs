//! Cuts the core in two: what every widget needs, and the rest.
//!
//! The rest is a module of its own that is loaded when it is needed. Both work in one memory and through one table of
//! functions, so nothing is there twice, and nothing has to be put into another form to pass between them: the core exports
//! what the rest uses, and calls it through places of the table that the rest fills when it is loaded. What is rest is said in
//! the sources: the functions of modules with the name `rest`, and what only they use.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use walrus::ir::Value;
use walrus::{
    ConstExpr, Data, Element, ElementItems, ElementKind, Export, ExportItem, Function,
    FunctionBuilder, FunctionId, FunctionKind, Global, GlobalKind, ImportKind, Memory, Module,
    ModuleConfig, Table, TableId,
};

use crate::bundle::calls::{Places, callees, entries, places, reach};
use crate::bundle::panics::plain;

/// The name by which the rest imports from the core.
const CORE: &str = "core";

/// Who goes where. Both halves are read from the same bytes, so that the same thing has the same index in both.
struct Plan {
    /// Where the rest finds what it calls in the core.
    in_core: Places,
    /// Where the core finds what is in the rest.
    in_rest: Places,
    /// Places in the table.
    size: u64,
}

/// The core and the rest of a module whose functions have their names.
///
/// # Errors
/// When nothing in it is rest, or the core calls something of the rest that is not meant to be called.
pub(super) fn cut(whole: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut core, mut rest) = (read(whole)?, read(whole)?);
    let plan = plan(&core)?;
    keep_core(&mut core, &plan)?;
    keep_rest(&mut rest, &plan)?;
    export(&mut core, &mut rest)?;
    walrus::passes::gc::run(&mut core);
    Ok((core.emit_wasm(), rest.emit_wasm()))
}

fn read(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false);
    config.parse(wasm).context("read the module")
}

fn plan(module: &Module) -> Result<Plan> {
    let table = table(module)?;
    let mut size = module.tables.get(table).initial;
    let known = places(module);
    let begin = entries(module).chain(known.values().copied());
    let core = reach(module, begin, |id| !is_rest(module, id));
    let mut in_rest = known.clone();
    in_rest.retain(|_, id| is_rest(module, *id));
    let mut place = |places: &mut Places, id: FunctionId| {
        let known = known.iter().find(|(_, known)| **known == id);
        let place = known.map_or(size, |(place, _)| *place);
        places.insert(place, id);
        size = size.max(place + 1);
    };
    for id in doors(module, &core)? {
        place(&mut in_rest, id);
    }
    let rest = reach(module, in_rest.values().copied(), |id| !core.contains(&id));
    let mut in_core = Places::new();
    for id in called_by(module, &rest).filter(|id| core.contains(id)) {
        if let FunctionKind::Local(_) = module.funcs.get(id).kind {
            place(&mut in_core, id);
        }
    }
    Ok(Plan {
        in_core,
        in_rest,
        size,
    })
}

fn table(module: &Module) -> Result<TableId> {
    let table = module.tables.main_function_table()?;
    table.context("the module has no table of functions")
}

/// What these functions call, each once.
fn called_by(module: &Module, callers: &BTreeSet<FunctionId>) -> impl Iterator<Item = FunctionId> {
    let called = callers.iter().flat_map(|id| callees(module, *id));
    called.collect::<BTreeSet<_>>().into_iter()
}

fn is_rest(module: &Module, id: FunctionId) -> bool {
    let name = module.funcs.get(id).name.as_deref();
    name.is_some_and(|name| name.contains("::rest::"))
}

/// Functions of the rest that the core calls.
fn doors(module: &Module, core: &BTreeSet<FunctionId>) -> Result<Vec<FunctionId>> {
    let called = called_by(module, core);
    let doors: Vec<FunctionId> = called.filter(|id| !core.contains(id)).collect();
    if doors.is_empty() {
        bail!("nothing leads from the core into the rest");
    }
    for id in &doors {
        let name = plain(module.funcs.get(*id).name.as_deref().unwrap_or_default());
        let last = name.rsplit_once("::rest::").map_or("", |(_, last)| last);
        if last.is_empty() || last.contains("::") || name.starts_with(['<', '&']) {
            bail!("the core calls {name}, which went to the rest");
        }
    }
    Ok(doors)
}

/// Makes a module the core: what it calls of the rest it calls through the table, which has what the rest calls.
fn keep_core(core: &mut Module, plan: &Plan) -> Result<()> {
    let before = core.tables.get(table(core)?).initial;
    let table = grow_table(core, plan.size)?;
    for (place, id) in &plan.in_rest {
        lead_into_table(core, *id, table, *place);
    }
    let mut new = plan.in_core.clone();
    new.retain(|place, _| *place >= before);
    put_into_table(core, table, &new);
    Ok(())
}

/// Makes a module the rest: what the core keeps is called through the table; what both share is imported; what the core does
/// when it begins is done already.
fn keep_rest(rest: &mut Module, plan: &Plan) -> Result<()> {
    rest.start = None;
    for export in ids(rest.exports.iter().map(Export::id)) {
        rest.exports.delete(export);
    }
    for data in ids(rest.data.iter().map(Data::id)) {
        rest.data.delete(data);
    }
    for element in ids(rest.elements.iter().map(Element::id)) {
        rest.elements.delete(element);
    }
    let imports = &mut rest.imports;
    for memory in rest.memories.iter_mut() {
        memory.data_segments.clear();
        memory.import = Some(imports.add(CORE, "", ImportKind::Memory(memory.id())));
    }
    for table in rest.tables.iter_mut() {
        table.elem_segments.clear();
        table.import = Some(imports.add(CORE, "", ImportKind::Table(table.id())));
    }
    for id in ids(rest.globals.iter().map(Global::id)) {
        let import = imports.add(CORE, "", ImportKind::Global(id));
        rest.globals.get_mut(id).kind = GlobalKind::Import(import);
    }
    let table = grow_table(rest, plan.size)?;
    let functions = ids(rest.funcs.iter().map(Function::id));
    let own = |places: &Places| -> Places {
        let own = places.iter();
        own.map(|(place, id)| (*place, functions[id.index()]))
            .collect()
    };
    for (place, id) in own(&plan.in_core) {
        lead_into_table(rest, id, table, place);
    }
    put_into_table(rest, table, &own(&plan.in_rest));
    walrus::passes::gc::run(rest);
    Ok(())
}

fn grow_table(module: &mut Module, size: u64) -> Result<TableId> {
    let id = table(module)?;
    let table = module.tables.get_mut(id);
    table.initial = size;
    table.maximum = table.maximum.map(|_| size);
    Ok(id)
}

/// Makes a function call what is in the table by then.
fn lead_into_table(module: &mut Module, id: FunctionId, table: TableId, place: u64) {
    let kind = module.funcs.get(id).ty();
    let of = module.types.get(kind);
    let (params, results) = (of.params().to_vec(), of.results().to_vec());
    let args = ids(params.iter().map(|param| module.locals.add(*param)));
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let mut body = builder.func_body();
    for arg in &args {
        body.local_get(*arg);
    }
    body.i32_const(place as i32).call_indirect(kind, table);
    module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
}

/// Puts functions into the table when the module begins: one piece for places in a row.
fn put_into_table(module: &mut Module, table: TableId, places: &Places) {
    let mut pieces: Vec<(u64, Vec<FunctionId>)> = Vec::new();
    for (place, id) in places {
        match pieces.last_mut() {
            Some((first, piece)) if *first + piece.len() as u64 == *place => piece.push(*id),
            _ => pieces.push((*place, vec![*id])),
        }
    }
    for (first, piece) in pieces {
        let offset = ConstExpr::Value(Value::I32(first as i32));
        let kind = ElementKind::Active { table, offset };
        let element = module.elements.add(kind, ElementItems::Functions(piece));
        module.tables.get_mut(table).elem_segments.insert(element);
    }
}

/// Makes the core export what the rest imports from it.
fn export(core: &mut Module, rest: &mut Module) -> Result<()> {
    let shared = rest
        .imports
        .iter_mut()
        .filter(|import| import.module == CORE);
    for (place, import) in shared.enumerate() {
        import.name = format!("_{place}");
        let item: Option<ExportItem> = match import.kind {
            ImportKind::Function(of) => {
                let mut ids = core.funcs.iter().map(Function::id);
                ids.find(|id| id.index() == of.index())
                    .map(ExportItem::Function)
            }
            ImportKind::Table(of) => {
                let mut ids = core.tables.iter().map(Table::id);
                ids.find(|id| id.index() == of.index())
                    .map(ExportItem::Table)
            }
            ImportKind::Memory(of) => {
                let mut ids = core.memories.iter().map(Memory::id);
                ids.find(|id| id.index() == of.index())
                    .map(ExportItem::Memory)
            }
            ImportKind::Global(of) => {
                let mut ids = core.globals.iter().map(Global::id);
                ids.find(|id| id.index() == of.index())
                    .map(ExportItem::Global)
            }
            ImportKind::Tag(_) => None,
        };
        let item = item.context("the rest uses what the core has not")?;
        core.exports.add(&import.name, item);
    }
    Ok(())
}

/// All of them, before any of them changes.
fn ids<T>(ids: impl Iterator<Item = T>) -> Vec<T> {
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that exports a function with this name, which calls the second, which calls the third; the third is exported
    /// too where it is not of the rest.
    fn whole(names: [&str; 3]) -> Vec<u8> {
        let mut module = Module::default();
        module
            .tables
            .add_local(false, 1, Some(1), walrus::RefType::FUNCREF);
        module.memories.add_local(false, false, 1, None, None);
        let mut callee = None;
        for name in names.into_iter().rev() {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.name(name.to_owned());
            match callee {
                Some(callee) => builder.func_body().call(callee),
                // So large that it would be seen.
                None => builder.func_body().i64_const(i64::MIN).drop(),
            };
            let id = builder.finish(Vec::new(), &mut module.funcs);
            if callee.is_none() && !is_rest(&module, id) {
                module.exports.add("also", id);
            }
            callee = Some(id);
        }
        module
            .exports
            .add("begin", callee.expect("there are three"));
        module.emit_wasm()
    }

    fn bodies(module: &Module) -> usize {
        module.funcs.iter_local().count()
    }

    #[test]
    fn each_half_calls_the_other_through_the_table() {
        let (core, rest) = cut(&whole(["app::run", "app::rest::show", "app::now"])).unwrap();
        let (core, rest) = (read(&core).unwrap(), read(&rest).unwrap());
        let in_table = |module: &Module| -> Vec<u64> { places(module).into_keys().collect() };
        assert_eq!(in_table(&rest), [1], "the rest puts in what the core calls");
        assert_eq!(in_table(&core), [2], "and the core what the rest calls");
        assert_eq!(core.tables.get(table(&core).unwrap()).initial, 3);
        assert_eq!(
            (bodies(&core), bodies(&rest)),
            (3, 2),
            "with a way in for each call"
        );
        let names = rest
            .imports
            .iter()
            .map(|import| (import.module.as_str(), import.name.as_str()));
        for (of, name) in names {
            assert_eq!(of, CORE);
            assert!(
                core.exports.iter().any(|export| export.name == name),
                "{name}"
            );
        }
    }

    #[test]
    fn what_only_the_rest_uses_goes_with_it() {
        let (core, rest) = cut(&whole(["app::run", "app::rest::show", "app::rest::hex"])).unwrap();
        assert_eq!(
            (bodies(&read(&core).unwrap()), bodies(&read(&rest).unwrap())),
            (2, 2)
        );
    }

    #[test]
    fn the_core_calls_nothing_of_the_rest_but_its_functions() {
        let error = cut(&whole([
            "app::run",
            "app::rest::show::{closure#0}",
            "app::now",
        ]))
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the core calls app::rest::show::{closure#0}, which went to the rest"
        );
        let error = cut(&whole(["app::run", "app::show", "app::now"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "nothing leads from the core into the rest"
        );
    }
}
