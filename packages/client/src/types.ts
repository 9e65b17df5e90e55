import type { Operation, OperationSchema } from '@portico/contracts'
import type { Static, TSchema } from 'typebox'

/** Operations by the names under which the client offers them. */
export type Operations = Readonly<Record<string, unknown>>

type Part<Schema, Name extends string> = Schema extends { readonly [Key in Name]: infer Found extends TSchema }
  ? Static<Found>
  : never

type Given<Schema, Name extends string, As extends string> =
  Part<Schema, Name> extends never
    ? unknown
    : Record<string, never> extends Part<Schema, Name>
      ? { [Key in As]?: Part<Schema, Name> }
      : { [Key in As]: Part<Schema, Name> }

type Success = 200 | 201 | 202 | 204
type SuccessOf<Response> = {
  [Status in keyof Response & Success]: Response[Status] extends TSchema ? Static<Response[Status]> : never
}[keyof Response & Success]

/** What a call takes: the contract's own parts, and what holds for every call. */
export type InputOf<Called> =
  Called extends Operation<infer Schema extends OperationSchema>
    ? Given<Schema, 'params', 'params'> & Given<Schema, 'querystring', 'query'> & BodyOf<Schema> & CallOptions
    : never

// A multipart route describes its fields; what is sent is a form.
type BodyOf<Schema> =
  Part<Schema, 'body'> extends never ? { body?: FormData } : { body: Part<Schema, 'body'> | FormData }

/** What a call answers: the body of the contract's successes. */
export type OutputOf<Called> =
  Called extends Operation<infer Schema extends OperationSchema> ? SuccessOf<Schema['response']> : never

export interface CallOptions {
  /** The ETag that was read: the write is refused with `stale_write` when somebody was faster. */
  ifMatch?: string
  /** Made by the client when absent, so that its own repeats have one effect; give one to make a repeat across processes safe. */
  idempotencyKey?: string
  signal?: AbortSignal
}

export interface Reply<Body> {
  status: number
  headers: Headers
  body: Body
}

/** What one operation becomes: a function for its body, and `reply` where status and header fields matter too. */
export interface Call<Called> {
  (...input: CallArguments<InputOf<Called>>): Promise<OutputOf<Called>>
  reply(...input: CallArguments<InputOf<Called>>): Promise<Reply<OutputOf<Called>>>
}

type CallArguments<Input> = Record<string, never> extends Input ? [input?: Input] : [input: Input]

type IsOperation<Candidate> = Candidate extends { readonly schema: OperationSchema; readonly url: string }
  ? true
  : false

export type Client<Offered extends Operations> = {
  [Name in keyof Offered as IsOperation<Offered[Name]> extends true ? Name : never]: Call<Offered[Name]>
}
