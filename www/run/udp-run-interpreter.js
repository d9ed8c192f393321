// MicroPython as a program in wasm that can wait: `wasm-opt --asyncify` has made it able to leave off in the middle of a call and to
// go on there later (https://github.com/WebAssembly/binaryen, "Asyncify").
//
// As shipped it never collects garbage while it runs, for it cannot see the locals of wasm. While it waits they all lie in memory: so the
// bundle has put an import, `collect`, in the place of its collector, and the program waits there for a moment.
//
// The wasm can do what its imports do, and nothing else. Here that is: print, tell the time, take random numbers, find the few
// empty files that become modules, and ask the host. Whatever MicroPython has for reaching JavaScript objects ends in `nothing`.

/** Bytes into which a call that waits saves its frames; a deeper one ends the program. */
const FRAMES = 1 << 20;

/** Most bytes of memory that a program may take. */
const MEMORY = 32 << 20;

/** Words of the interpreter's own stack of frames. */
const STACK = 24 << 10;

/** Bytes of its heap. What is not used costs nothing. */
const HEAP = 28 << 20;

/** Where this version counts the calls into it, and where it notes that garbage wants to be collected. */
const DEPTH = 186_120;
const PENDING = 186_124;

/** What a program waits for that leaves off to have its garbage collected. */
const COLLECTION = Symbol("collection");

/** Errors of the file system, in the numbers of WASI. */
const ENOENT = 44;
const EBADF = 8;

/** Kinds of values on their way between the two, as MicroPython numbers them. */
const TO_HOST_STRING = 5;
const FROM_HOST_STRING = 5;
const FROM_HOST_OBJECT = 7;

/** A program that has lost its way in its own memory. */
export class Crash extends Error {}

/**
 * An interpreter.
 *
 * `host(name, text)` is what Python calls: it answers with a string, or with a promise of one, for which the program waits.
 * `write(stream, bytes)` takes what is printed. `modules` are the names of the empty modules that may be imported. `date` is
 * the time in milliseconds since 1970.
 */
export async function start(module, { host, write, modules, date }) {
  let wasm;
  let frames = 0;
  let roots = { at: 0, length: 0 };
  let isSweeping = false;
  let waiting = null;
  let answer = null;
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  // Views are made anew each time: they are gone when the memory grows.
  const bytes = () => new Uint8Array(wasm.memory.buffer);
  const words = () => new DataView(wasm.memory.buffer);
  const word = (at) => words().getUint32(at, true);
  const put = (at, value) => words().setUint32(at, value, true);
  const text = (at, length) => decoder.decode(bytes().subarray(at, at + length));
  const terminated = (at) => text(at, bytes().indexOf(0, at) - at);

  function newString(value) {
    const encoded = encoder.encode(value);
    const at = wasm.malloc(encoded.length + 1);
    bytes().set(encoded, at);
    bytes()[at + encoded.length] = 0;
    return [at, encoded.length];
  }

  function takeString(value) {
    if (word(value) !== TO_HOST_STRING) throw new Crash("the host takes strings and nothing else");
    return text(word(value + 8), word(value + 4));
  }

  function giveString(value, out) {
    const [at, length] = newString(value);
    put(out, FROM_HOST_STRING);
    put(out + 4, length);
    put(out + 8, at);
  }

  // The one call that leads out. MicroPython calls a JavaScript function of two arguments by it; which function, it does not ask.
  function call2(_function, _how, first, second, out) {
    if (wasm.asyncify_get_state() === 2) {
      wasm.asyncify_stop_rewind();
      giveString(answer, out);
      return;
    }
    const given = host(takeString(first), takeString(second));
    if (typeof given === "string") giveString(given, out);
    else leaveOff(given);
  }

  // MicroPython wants its garbage collected. Where that cannot be, it goes on with more memory.
  function collect() {
    if (wasm.asyncify_get_state() === 2) wasm.asyncify_stop_rewind();
    else if (roots.length && !isSweeping) leaveOff(COLLECTION);
  }

  function leaveOff(until) {
    waiting = until;
    put(frames, frames + 8);
    put(frames + 4, frames + FRAMES);
    wasm.asyncify_start_unwind(frames);
  }

  // longjmp goes through JavaScript: a number is thrown, and the innermost call of setjmp goes on, with the stack that it had. A call
  // that is entered again after a wait has still the stack of its first time.
  const stacks = [];
  let depth = 0;
  function invoke(index, ...values) {
    const at = depth++;
    if (wasm.asyncify_get_state() !== 2) stacks[at] = wasm.emscripten_stack_get_current();
    try {
      return wasm.__indirect_function_table.get(index)(...values);
    } catch (error) {
      if (typeof error !== "number") throw error;
      wasm._emscripten_stack_restore(stacks[at]);
      wasm.setThrew(1, 0);
      return 0;
    } finally {
      depth = at;
    }
  }

  const nothing = () => 0;
  const none = (_path) => -ENOENT;
  const began = date();
  const env = {
    call2,
    collect,
    mp_js_random_u32: () => crypto.getRandomValues(new Uint32Array(1))[0],
    mp_js_ticks_ms: () => date() - began,
    mp_js_time_ms: date,
    _abort_js() {
      throw new Crash("the interpreter gave up");
    },
    _emscripten_throw_longjmp() {
      throw 1;
    },
    emscripten_resize_heap(wanted) {
      const memory = wasm.memory;
      if (wanted > MEMORY) return 0;
      try {
        memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / 65536));
        return 1;
      } catch {
        return 0;
      }
    },
    __syscall_stat64(path, out) {
      const name = terminated(path);
      if (!modules.some((module) => name === `${module}.py`)) return -ENOENT;
      bytes().fill(0, out, out + 96);
      put(out + 4, 0o100444);
      return 0;
    },
    __syscall_openat: (_folder, path) => (modules.some((module) => terminated(path) === `${module}.py`) ? 3 : -ENOENT),
    __syscall_getcwd(out, size) {
      if (size < 2) return -ENOENT;
      bytes().set([47, 0], out);
      return 2;
    },
  };
  const wasi = {
    // The empty files.
    fd_read(_file, _parts, _count, out) {
      put(out, 0);
      return 0;
    },
    fd_close: nothing,
    fd_sync: nothing,
    fd_seek: () => EBADF,
    fd_write(stream, parts, count, out) {
      let written = 0;
      for (let part = 0; part < count; part++) {
        const at = word(parts + 8 * part);
        const length = word(parts + 8 * part + 4);
        if (length) write(stream, bytes().slice(at, at + length));
        written += length;
      }
      put(out, written);
      return 0;
    },
  };
  const imports = { env, wasi_snapshot_preview1: wasi };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const stub = name.startsWith("invoke_") ? invoke : name.startsWith("__syscall") ? none : nothing;
    imports[from][name] ??= stub;
  }
  wasm = (await WebAssembly.instantiate(module, imports)).exports;
  wasm.emscripten_stack_init();
  wasm.__wasm_call_ctors();
  // Whatever is built in lies below what is taken first.
  const tables = wasm.malloc(4);
  wasm.mp_js_init(STACK, HEAP);
  wasm.proxy_c_init();
  frames = wasm.malloc(FRAMES + 8);
  // The host is a module that can be called. The shim takes it away before the program begins.
  const value = wasm.malloc(12);
  put(value, FROM_HOST_OBJECT);
  put(value + 4, 2);
  wasm.mp_js_register_js_module(newString("_host")[0], value);

  const idle = wasm.malloc(16);
  bytes().fill(0, idle, idle + 16);
  if (word(DEPTH) !== 0) throw new Crash("the interpreter is of another version than its page");

  return {
    /** Runs a program to its end. */
    async run(source) {
      const [at, length] = newString(source);
      const out = wasm.malloc(12);
      wasm.mp_js_do_exec(at, length, out);
      while (waiting !== null) {
        wasm.asyncify_stop_unwind();
        const wait = waiting;
        waiting = null;
        if (wait === COLLECTION) sweep();
        else answer = await wait;
        wasm.asyncify_start_rewind(frames);
        wasm.mp_js_do_exec(at, length, out);
      }
      if (words().getInt32(out, true) === -1) throw new Crash(text(word(out + 8), word(out + 4)));
    },

    /** Bytes of memory in use. */
    memory: () => wasm.memory.buffer.byteLength,

    /** Says where there is room for a copy of all locals, in a place that the collector looks into. */
    keepRoots(at, length) {
      roots = { at, length };
    },

    /** Takes a built-in module out of the list of modules: its entry gets the name of the entry before it. */
    unlist(address) {
      for (const at of pointersTo(address)) if (isName(at - 4) && isName(at - 12)) put(at - 4, word(at - 12));
    },

    /** Puts a function in the place of a built-in method, of which `checked` is the wrapper that `type.method` makes. */
    replaceMethod(checked, by) {
      for (const at of pointersTo(word(checked + 8))) if (isName(at - 4)) put(at, by);
    },
  };

  // Runs nothing, at what the interpreter takes for its outermost call: after that it collects.
  function sweep() {
    const [stack, base] = [wasm.emscripten_stack_get_current(), wasm.emscripten_stack_get_base()];
    const [saved, end] = [frames + 8, word(frames)];
    if (base - stack + end - saved > roots.length || word(DEPTH) !== 1) return;
    bytes().fill(0, roots.at, roots.at + roots.length);
    bytes().copyWithin(roots.at, stack, base);
    bytes().copyWithin(roots.at + base - stack, saved, end);
    isSweeping = true;
    bytes()[PENDING] = 1;
    put(DEPTH, 0);
    // The stacks of the calls that wait stay as they are.
    const calls = stacks.length;
    depth = calls;
    wasm.mp_js_do_exec(idle + 12, 0, idle);
    stacks.length = calls;
    depth = 0;
    put(DEPTH, 1);
    isSweeping = false;
  }

  // Tables of names are pairs of a name, of which the lower three bits are 2, and a pointer.
  function isName(at) {
    return (word(at) & 7) === 2;
  }

  function pointersTo(address) {
    const all = new Uint32Array(wasm.memory.buffer);
    const found = [];
    for (let at = all.indexOf(address); at >= 0 && 4 * at < tables; at = all.indexOf(address, at + 1)) found.push(4 * at);
    return found;
  }
}
