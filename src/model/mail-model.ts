/** Part of the model: where mails go. */
import type { Micros } from "../base/time.ts";

/** `notification_email`, `smtp_server` and their kin; absent where either is missing. */
export interface MailModel {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly server: string;
  readonly port: number;
  readonly heloName: string;
  readonly connectTimeout: Micros;
  readonly routerId: string;
}
