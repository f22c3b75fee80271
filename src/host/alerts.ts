/** Sends mail through a mail server. The library is loaded when the first mail is due. */
import type { MailModel } from "../model/mail-model.ts";

export interface OutgoingMail {
  readonly subject: string;
  readonly body: string;
}

/** Delivers one mail to all recipients of the model; rejects with the server's or the library's error. */
export async function deliverMail(model: MailModel, mail: OutgoingMail): Promise<void> {
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    host: model.server,
    port: model.port,
    name: model.heloName,
    secure: false,
    // keepalived speaks plain SMTP; a server that offers STARTTLS with an unknown certificate must not stop an alert.
    tls: { rejectUnauthorized: false },
    connectionTimeout: toMilliseconds(model.connectTimeout),
    greetingTimeout: toMilliseconds(model.connectTimeout),
    socketTimeout: toMilliseconds(model.connectTimeout),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: model.from,
      to: [...model.recipients],
      subject: `[${model.routerId}] ${mail.subject}`,
      text: mail.body,
      xMailer: "buoy",
    });
  } finally {
    transport.close();
  }
}

function toMilliseconds(micros: number): number {
  return Math.max(1, Math.round(micros / 1000));
}
