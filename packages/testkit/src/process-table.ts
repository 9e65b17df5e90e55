import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface ProcessEntry {
  pid: number
  parentPid: number
  /** One letter, as in `ps`: R, S, D, T (stopped), Z (zombie). */
  state: string
  /** The command line, its words parted by spaces. */
  command: string
}

/** All processes of this machine: from /proc where there is one, since a small Linux has no `ps`. */
export async function processTable(): Promise<ProcessEntry[]> {
  if (process.platform !== 'linux') return fromPs()
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const entries = await Promise.all(pids.map(fromProc))
  return entries.filter(entry => entry !== undefined)
}

async function fromProc(pid: string): Promise<ProcessEntry | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    // The second field is a name in brackets, which may hold anything (proc(5)).
    const [state = '', parentPid = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid: Number(pid), parentPid: Number(parentPid), state, command: command.replaceAll('\0', ' ') }
  } catch {
    // It ended while we looked.
    return undefined
  }
}

async function fromPs(): Promise<ProcessEntry[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,state=,command='])
  return stdout.split('\n').flatMap(line => {
    const [, pid, parentPid, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S)\S*\s+(.*)$/.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), parentPid: Number(parentPid), state, command }]
  })
}
