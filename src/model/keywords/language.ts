/** Words of the configuration language itself; the parser obeys them wherever they stand. */
import { block, rest, row, works } from "./row.ts";

const READER = works("the reader");
const glob = [rest("GLOB")];

export const LANGUAGE_ROWS = block("config-language", "config", [
  row("include", glob, READER, "Insert the files; what is missing is only reported."),
  row("includer", glob, READER, "The same; a file that cannot be read is fatal."),
  row("includem", glob, READER, "The same; a pattern without any match is fatal."),
  row("includew", glob, READER, "The same; a wildcard without any match is fatal."),
  row("includeb", glob, READER, "The same; every brace alternative must match."),
  row("includea", glob, READER, "All of these are fatal."),
  row("$NAME=", [rest("TEXT")], READER, "Define a name; a trailing backslash goes on with the next line."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${NAME}", [], READER, "Its value; $NAME before a separator."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_PWD}", [], READER, "Directory of the current file."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_INSTANCE}", [], READER, "The configuration id."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_RANDOM [MIN [MAX]]}", [], READER, "A random integer.", { default: "0..32767" }),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_HASH}", [], READER, "A # that begins no comment."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_BANG}", [], READER, "A ! that begins no comment."),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: keepalived's syntax
  row("${_ENV NAME}", [], READER, "An environment variable.", { since: "2.4.0" }),
  row("@ID", [rest("LINE")], READER, "Keep the line for this configuration id only."),
  row("@^ID", [rest("LINE")], READER, "Keep the line for every other configuration id."),
  row("~SEQ", [rest("(VAR, [START, [STEP,]] END) LINE")], READER, "Repeat the line for each number."),
  row("~SEQx", [rest("(VAR, [START, [STEP,]] END) LINE")], READER, "The same in hexadecimal."),
  row("~LST", [rest("(VAR, VALUE, ...) LINE")], READER, "Repeat the line for each value."),
]);
