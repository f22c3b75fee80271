// A real SMTP server for tests: prints one JSON line for each mail it takes. Usage: node mail-server.mjs ADDRESS PORT
import { SMTPServer } from "smtp-server";

const [address, port] = process.argv.slice(2);

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["AUTH", "STARTTLS"],
  onData(stream, session, done) {
    let text = "";
    stream.on("data", (chunk) => {
      text += chunk.toString();
    });
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      const mail = {
        from: mailFrom ? mailFrom.address : "",
        to: rcptTo.map((recipient) => recipient.address),
        text,
      };
      process.stdout.write(`${JSON.stringify(mail)}\n`);
      done();
    });
  },
});

server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
});
server.listen(Number(port), address, () => process.stderr.write("ready\n"));
