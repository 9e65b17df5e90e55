const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const imf = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
const rfc850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/i
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/i

/**
 * An HTTP-date in any of its three formats (RFC 9110, section 5.6.7) as milliseconds since 1970; null: it is none.
 * `Date.parse` takes much more than these, each browser and runtime something else.
 */
export function parseHttpDate(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null
  const long = imf.exec(text)
  if (long !== null) return instant(long[3], long[2], long[1], long[4], long[5], long[6])
  const c = asctime.exec(text)
  if (c !== null) return instant(c[6], c[1], c[2], c[3], c[4], c[5])
  const short = rfc850.exec(text)
  if (short === null) return null
  return instant(String(fullYear(Number(short[3]), nowMs)), short[2], short[1], short[4], short[5], short[6])
}

/** Two digits that seem to be more than 50 years ahead are of the century before. */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

type Part = string | undefined

function instant(year: Part, monthName: Part, day: Part, hour: Part, minute: Part, second: Part): number | null {
  const month = months.indexOf((monthName ?? '').toLowerCase())
  if (month < 0 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
  return Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second))
}
