import protobuf from 'protobufjs'
import type { ExportRequest } from './otlp.ts'

// Field numbers from opentelemetry-proto 1.x; only what is kept is named, unknown fields are skipped by the decoder.
const definition = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    repeated Event events = 11; repeated Link links = 13; Status status = 15; }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message ExportTraceServiceResponse { PartialSuccess partial_success = 1; }
  message PartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
`

export interface OtlpCodec {
  /** The request as OTLP's JSON would have it. @throws when the bytes are not one */
  decode(bytes: Uint8Array): ExportRequest
  encodeResponse(rejected: number): Uint8Array
}

export function createOtlpCodec(): OtlpCodec {
  const { root } = protobuf.parse(definition)
  const request = root.lookupType('ExportTraceServiceRequest')
  const response = root.lookupType('ExportTraceServiceResponse')
  return {
    decode(bytes) {
      const decoded = request.toObject(request.decode(bytes), { longs: String, bytes: String })
      return withHexIds(decoded) as ExportRequest
    },
    encodeResponse: rejected =>
      response
        .encode(
          rejected === 0
            ? {}
            : { partialSuccess: { rejectedSpans: rejected, errorMessage: 'spans without valid ids' } },
        )
        .finish(),
  }
}

const idFields = new Set(['traceId', 'spanId', 'parentSpanId'])

/** Protobuf's JSON has bytes in base64, OTLP's has ids in hex. */
function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      idFields.has(name) ? Buffer.from(String(member), 'base64').toString('hex') : withHexIds(member),
    ]),
  )
}
