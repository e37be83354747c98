/** Every bound of a gateway; each has a refusal of its own, with the SQLSTATE that Postgres has for it. */
export type Limits = {
  /** Pooled connections that answer `/sql`. */
  connections_max: number
  /** Requests that may wait for a pooled connection; one more is refused `53300`. */
  waiting_max: number
  /** How long opening a connection, or waiting for one, may take before `08001` or `53300`. */
  connection_ms_max: number
  /** How long an idle pooled connection is kept. */
  connection_idle_ms: number
  /** Sockets open at once, HTTP and WebSocket together; requests on one more are refused `53300`. */
  sockets_max: number
  /** WebSocket sessions at once; one more is refused `53300`. Each holds a Postgres connection of its own. */
  tunnels_max: number
  /** How long a WebSocket client may take to say who it is before `57014`. */
  login_ms_max: number
  /** How long an idle HTTP socket is kept: longer than clients keep theirs, so that none is closed under a request. */
  socket_idle_ms: number
  /** How long one statement of `/sql` may run; Postgres itself then refuses it `57014`. */
  statement_ms_max: number
  /** How long Postgres may stay silent on a whole request before its connection is given up, `08006`. */
  request_ms_max: number
  /** Bytes of a `/sql` body or of one WebSocket message; more is refused `54000`. Neon's own bound is 64 MiB. */
  body_bytes_max: number
  /** Characters of values in one `/sql` answer; more is refused `54000`. Neon's own bound is 64 MiB. */
  answer_chars_max: number
  /** Statements of one batch; more are refused `54000`. */
  batch_statements_max: number
  /** Prepared statements a pooled connection may hold; past it the connection is replaced. 0 prepares nothing. */
  prepared_max: number
  /** Characters of SQL worth preparing; longer texts (literals inlined, seldom repeated) run unnamed. */
  prepared_chars_max: number
}

/** The bounds of a gateway that is told nothing else. */
export const default_limits: Limits = {
  connections_max: 10,
  waiting_max: 1_000,
  connection_ms_max: 10_000,
  connection_idle_ms: 60_000,
  sockets_max: 1_000,
  tunnels_max: 50,
  login_ms_max: 10_000,
  socket_idle_ms: 120_000,
  statement_ms_max: 30_000,
  request_ms_max: 60_000,
  body_bytes_max: 64 * 1024 * 1024,
  answer_chars_max: 64 * 1024 * 1024,
  batch_statements_max: 1_000,
  prepared_max: 256,
  prepared_chars_max: 16_384,
}
