import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KEEPALIVED_OPTIONS, type OptionRow, optionsHelp, parseWords } from "./keepalived-options.ts";

function found(...words: string[]): unknown {
  const parsed = parseWords(words);
  if (!parsed.ok) return parsed.message;
  return parsed.options.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)).join(" ");
}

describe("as getopt_long reads", () => {
  test.each([
    [["-lnD"], "log-console dont-fork log-detail"],
    [["-f", "/a b"], "use-file=/a b"],
    [["-f/etc/x"], "use-file=/etc/x"],
    [["-nf", "x"], "dont-fork use-file=x"],
    [["-nfx"], "dont-fork use-file=x"],
    [["--use-file", "x"], "use-file=x"],
    [["--use-file=x"], "use-file=x"],
    [["--use-fil=x"], "use-file=x"],
    [["--vrrp"], "vrrp"],
    [["--vrrp_p=x"], "vrrp_pid=x"],
    [["-t"], "config-test"],
    [["-tlog"], "config-test=log"],
    [["--config-test=log"], "config-test=log"],
    [["-t", "-f", "x"], "config-test use-file=x"],
    [["-DD", "-D"], "log-detail log-detail log-detail"],
    [["--pid", "--vrrp"], "pid=--vrrp"],
    [["--signum=STOP"], "signum=STOP"],
  ])("%j", (words, expected) => {
    expect(found(...words)).toBe(expected);
  });

  test.each([
    [["-Z"], "Unknown option -Z"],
    [["-lnDz"], "Unknown option -z"],
    [["--bogus"], "Unknown option --bogus"],
    // Two options begin so.
    [["--vrr"], "Unknown option --vrr"],
    [["--dont-fork=x"], "Unknown option --dont-fork=x"],
    [["-f"], "Missing parameter for option -f"],
    [["--use-file"], "Missing parameter for option --use-file"],
    [["-ln", "-p"], "Missing parameter for option -p"],
  ])("%j is refused", (words, message) => {
    expect(found(...words)).toBe(message);
  });

  test("words without an option, and all after --, are unexpected", () => {
    expect(parseWords(["-n", "one", "-", "--", "-l"])).toMatchObject({
      ok: true,
      options: [{ name: "dont-fork" }],
      unexpected: ["one", "-", "-l"],
    });
  });
});

test("no two options share a letter or a name", () => {
  const rows: readonly OptionRow[] = KEEPALIVED_OPTIONS;
  const letters = rows.flatMap((row) => row.short ?? []);
  expect(new Set(letters).size).toBe(letters.length);
  expect(new Set(rows.map((row) => row.long)).size).toBe(rows.length);
});

test("every option of keepalived's help is in ours", () => {
  const help = optionsHelp("keepalived");
  for (const letter of "fPCBlDSGuXVIRndprTcabxAsmMeitvh") expect(help).toContain(`  -${letter}, --`);
  expect(help).toMatch(/^Usage: keepalived \[OPTION\.\.\.\]\n/);
});

test("any words are read without a throw", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("-", "--", "-t", "-f", "--pid=", "--=", "-="));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const parsed = parseWords(words);
      if (parsed.ok) {
        // Every letter of a bundle may be an option, and every word unexpected.
        const most = words.length + words.join("").length;
        expect(parsed.options.length + parsed.unexpected.length).toBeLessThanOrEqual(most);
      } else expect(parsed.message).not.toBe("");
    }),
  );
});
