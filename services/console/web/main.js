import { Refused, signIn } from './api.js'
import { element } from './dom.js'
import { mail, oneMail } from './mail.js'
import { refreshMs, services } from './services.js'
import { trace, traces } from './traces.js'

const view = document.getElementById('view')
const status = document.getElementById('status')
let timer
let turn = 0

/** What the address shows: `#/traces?service=user`, `#/traces/<id>`, … */
function viewOf(hash) {
  const [path, search] = hash.replace(/^#\/?/, '').split('?')
  const [room, id] = path.split('/')
  const query = new URLSearchParams(search)
  if (room === 'traces') return id ? () => trace(id) : () => traces(query)
  if (room === 'mail') return id ? () => oneMail(id) : () => mail(query)
  return services
}

async function show({ isRefresh = false } = {}) {
  clearTimeout(timer)
  const mine = ++turn
  const make = viewOf(location.hash)
  const nodes = await make().catch(explain)
  if (mine !== turn) return
  view.replaceChildren(...nodes.filter(Boolean))
  mark()
  if (!isRefresh) view.focus({ preventScroll: true })
  if (make === services) timer = setTimeout(() => show({ isRefresh: true }), refreshMs)
}

function mark() {
  const room = `#/${location.hash.replace(/^#\/?/, '').split(/[/?]/)[0] || 'services'}`
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === room) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

function explain(error) {
  const problem = error instanceof Refused ? error.problem : {}
  if (problem.status === 401 || problem.status === 403)
    return [
      element('h2', {}, 'Sign in as the operator'),
      element(
        'p',
        {},
        'Open the link that npm start printed on its page of addresses: it signs one browser in, once. A new start prints a new one.',
      ),
    ]
  const traced = problem.traceId ? element('a', { href: `#/traces/${problem.traceId}` }, 'its trace') : null
  return [element('h2', { class: 'bad' }, 'That did not work'), element('p', {}, `${error.message} `, traced ?? '')]
}

async function start() {
  const ticket = /^#ticket=(.+)$/.exec(location.hash)?.[1]
  if (ticket) {
    // Out of the address before anything else: a ticket has no place in the history.
    history.replaceState(null, '', '#/services')
    await signIn(ticket).catch(error => {
      status.textContent = `The link did not sign you in: ${error.message}`
    })
  }
  addEventListener('hashchange', () => show())
  await show()
}

await start()
