// Types of <udp-run>. custom-elements.json says the same for tools.

export interface UdpRunEventMap {
  /** The program has printed. `stream` is what it printed to. */
  "udp-run-output": CustomEvent<{ stream: "stdout" | "stderr"; text: string }>;
  /** The program has ended. `first` are milliseconds from Run to its first output, `memory` the bytes of its interpreter. */
  "udp-run-exit": CustomEvent<{ code: number; first?: number; memory?: number }>;
}

export class UdpRun extends HTMLElement {
  /** The name of the program's file. */
  readonly name: string;
  /** The program as it stands in the editor. */
  program: string;
  /** Whether the program runs. */
  readonly running: boolean;
  /** Runs the program, and resolves with its exit code. With `echo`, what it sends to localhost goes to the host's echo server. */
  run(options?: { echo?: boolean }): Promise<number>;
  /** Runs the program of the element that `beside` names, waits until that has bound its port, and runs this one. */
  runBoth(): Promise<number>;
  /** Stops the program: with a `KeyboardInterrupt` where it waits, and by force where it does not. */
  stop(): void;
  /** Stops the program, and puts back what the author wrote. */
  reset(): void;
  /** Selects the program's text, for the reader to copy. */
  select(): void;
  /** Resolves when the program has bound a port, has ended, or takes long. */
  whenBound(): Promise<unknown>;
}

declare global {
  interface HTMLElementTagNameMap {
    "udp-run": UdpRun;
  }
  interface HTMLElementEventMap extends UdpRunEventMap {}
}
