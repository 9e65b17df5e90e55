import sharp from 'sharp'
import t from 'tap'
import { person, startFileService } from './file.ts'

const { call, upload } = await startFileService(t)
const photo = await sharp({ create: { width: 400, height: 200, channels: 3, background: 'teal' } })
  .jpeg()
  .toBuffer()

t.test('a photo in the size and format that was asked for', async t => {
  const owner = person()
  const file = (await upload(owner, photo, 'photo.jpg', { visibility: 'public' })).json
  t.match(file, { type: 'image/jpeg', image: { width: 400, height: 200 } })
  const path = `/v1/files/${file.id}/image`
  const webp = await call('GET', `${path}?w=100`, { headers: { accept: 'image/webp,*/*' } })
  t.equal(webp.headers.get('content-type'), 'image/webp')
  t.equal(webp.headers.get('vary'), 'accept')
  t.match(await sharp(webp.bytes).metadata(), { format: 'webp', width: 128, height: 64 })
  const large = await call('GET', `${path}?w=4000&format=png`)
  t.match(await sharp(large.bytes).metadata(), { format: 'png', width: 400 }, 'never enlarged')
  const cropped = await call('GET', `${path}?w=64&h=64&fit=cover&format=jpeg`)
  t.match(await sharp(cropped.bytes).metadata(), { width: 64, height: 64 })
  const etag = webp.headers.get('etag') ?? ''
  const again = await call('GET', `${path}?w=100`, { headers: { accept: 'image/webp', 'if-none-match': etag } })
  t.equal(again.status, 304)
})

t.test('what is no image, or a broken one, has a name', async t => {
  const owner = person()
  const { id } = (await upload(owner, 'text')).json
  t.match((await call('GET', `/v1/files/${id}/image`, { as: owner })).json, {
    status: 422,
    code: 'not_an_image',
  })
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
  const whole = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red', noise } })
    .png()
    .toBuffer()
  const cut = (await upload(owner, whole.subarray(0, whole.length / 3), 'cut.png')).json
  const answer = await call('GET', `/v1/files/${cut.id}/image?w=64`, { as: owner })
  t.match(answer.json, { status: 422, code: 'image_unreadable' })
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const bomb = await sharp({ create: { width: 11_000, height: 11_000, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  t.match((await upload(owner, bomb, 'bomb.png')).json, { status: 422, code: 'image_unreadable' })
})

t.end()
