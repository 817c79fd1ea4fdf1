/** What was asked for does not read; the message says what is wrong and how it reads. */
export class RequestError extends Error {
  override name = "RequestError";
}
