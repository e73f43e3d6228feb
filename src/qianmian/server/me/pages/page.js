// The page of a person. It is given a token behind the `#` of its address, which it takes out of
// the address at once, keeps in memory only, and shows to /api/me and to nobody else.
'use strict'

const TRIES = { 401: 'failed.token', 403: 'failed.refused', 429: 'failed.tries' }
const given = new URLSearchParams(location.hash.slice(1))
history.replaceState(null, '', location.pathname)
const pass = given.get('token')
  ? { 'x-viewer-token': given.get('token') }
  : { 'x-anonymous-id': given.get('anonymous_id') ?? '' }

const at = (id) => document.getElementById(id)
let language = (given.get('lang') ?? navigator.language).startsWith('zh') ? 'zh' : 'en'
let texts = {}
let me = null

const say = (key) => texts[language][key] ?? key
const worded = (words, otherwise) => words?.[language] ?? otherwise

function element(name, text, ...children) {
  const made = document.createElement(name)
  made.textContent = text
  made.append(...children)
  return made
}

function tell(kind, text) {
  for (const one of ['said', 'failed']) at(one).hidden = one !== kind
  if (kind) at(kind).textContent = text
}

async function ask(path, method = 'GET', body = undefined) {
  const headers = { ...pass }
  if (body !== undefined) headers['content-type'] = 'application/json'
  let answer
  try {
    answer = await fetch(`/api/me${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'omit',
      cache: 'no-store',
    })
  } catch {
    throw new Error(say('failed.network'))
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}))
    const wrong = problem.code === 'person.confirm' ? 'failed.confirm' : TRIES[answer.status]
    throw new Error(say(wrong ?? 'failed.other'))
  }
  return answer
}

// Whatever a person sets is asked of the server, and then shown as the server has it.
async function change(path, method, body, done) {
  at('all').inert = true
  try {
    me = await (await ask(path, method, body)).json()
    tell('said', say(done))
  } catch (problem) {
    tell('failed', problem.message)
  }
  at('all').inert = false
  show()
}

function toggle(checked, label, act) {
  const made = element('input', '')
  made.type = 'checkbox'
  made.setAttribute('role', 'switch')
  made.setAttribute('aria-label', label)
  made.checked = checked
  made.addEventListener('change', () => act(made.checked))
  return made
}

function agree(purpose, channel, granted) {
  return change('/consents', 'POST', { purpose, channel, granted }, 'said.kept')
}

function basicOf(one) {
  const source = `${say(`origin.${one.origin}`)} · ${new Date(one.at).toLocaleDateString(locale())}`
  const value = typeof one.value === 'boolean' ? say(`value.${one.value}`) : String(one.value)
  const named = texts[language][`value.${one.name}.${one.value}`] ?? value
  const name = texts[language][`name.${one.name}`] ?? worded(one.names, one.name)
  return [element('dt', name), element('dd', `${named} `, element('small', source))]
}

function tagOf(one) {
  const value = one.value === null ? '' : `：${worded(one.value_names, one.value)}`
  const name = `${worded(one.names, one.key)}${language === 'en' ? value.replace('：', ': ') : value}`
  const about = element('span', '', element('strong', name), element('br', ''))
  about.append(element('small', worded(one.meaning, '')))
  const button = element('button', say('tags.remove'))
  button.type = 'button'
  button.className = 'quiet'
  button.setAttribute('aria-label', `${say('tags.remove')} ${name}`)
  button.addEventListener('click', () =>
    change(`/tags/${encodeURIComponent(one.key)}`, 'DELETE', undefined, 'said.removed'),
  )
  return element('li', '', about, button)
}

function segmentOf(one) {
  const about = element('span', '', element('strong', worded(one.names, one.key)), element('br', ''))
  about.append(element('small', worded(one.meaning, '')))
  return element('li', '', about)
}

function goneOf(one) {
  const name = worded(one.names, one.key)
  const button = element('button', say('tags.back'))
  button.type = 'button'
  button.className = 'quiet'
  button.setAttribute('aria-label', `${say('tags.back')} ${name}`)
  button.addEventListener('click', () =>
    change(`/tags/${encodeURIComponent(one.key)}`, 'PUT', undefined, 'said.kept'),
  )
  return element('li', '', element('span', name), button)
}

function channelOf([channel, granted]) {
  const label = say(`channel.${channel}`)
  const way = toggle(granted, label, (checked) => agree('personalized_marketing', channel, checked))
  way.disabled = !me.personalized
  return element('li', '', element('span', label), way)
}

const locale = () => (language === 'zh' ? 'zh-CN' : 'en')

function show() {
  document.documentElement.lang = locale()
  document.title = say('title')
  at('language').textContent = say('language')
  for (const one of document.querySelectorAll('[data-text]')) one.textContent = say(one.dataset.text)
  if (me === null) return
  at('all').hidden = false
  at('personalized').checked = me.personalized
  at('share').checked = me.share
  at('channels').replaceChildren(...Object.entries(me.channels).map(channelOf))
  at('minor').hidden = me.is_profiled
  at('basic').replaceChildren(...me.basic.flatMap(basicOf))
  at('tags').replaceChildren(...me.tags.map(tagOf))
  if (me.tags.length === 0) at('tags').append(element('li', say('tags.none')))
  at('segments').replaceChildren(...me.segments.map(segmentOf))
  if (me.segments.length === 0) at('segments').append(element('li', say('segments.none')))
  at('gone').hidden = me.taken_away.length === 0
  at('taken').replaceChildren(...me.taken_away.map(goneOf))
  at('ids').replaceChildren(...me.ids.map((id) => element('li', id)))
}

async function save() {
  at('export').disabled = true
  try {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await (await ask('/export')).blob())
    link.download = 'my-data.json'
    link.click()
    URL.revokeObjectURL(link.href)
    tell('said', say('said.exported'))
  } catch (problem) {
    tell('failed', problem.message)
  }
  at('export').disabled = false
}

async function erase(event) {
  event.preventDefault()
  try {
    await ask('/erasure', 'POST', { confirm: at('confirm').value })
    me = null
    at('all').hidden = true
    tell('said', say('said.erased'))
  } catch (problem) {
    tell('failed', problem.message)
  }
}

async function begin() {
  texts = await (await fetch('/me/texts.json')).json()
  at('language').addEventListener('click', () => {
    language = language === 'zh' ? 'en' : 'zh'
    tell(null)
    show()
  })
  at('personalized').addEventListener('change', (event) =>
    agree('personalized_marketing', '', event.target.checked),
  )
  at('share').addEventListener('change', (event) => agree('share', '', event.target.checked))
  at('export').addEventListener('click', save)
  at('erase').addEventListener('submit', erase)
  show()
  try {
    me = await (await ask('')).json()
  } catch (problem) {
    tell('failed', problem.message)
  }
  show()
}

void begin()
