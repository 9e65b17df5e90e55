import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { test } from 'tap'
import { derivativeName, derivativeOf } from './derivative.ts'
import { createImageProcess, imageLimits } from './image-process.ts'

test('a query becomes one of few derivatives', t => {
  t.strictSame(derivativeOf({ w: 300, q: 78 }, 'image/avif,image/webp,*/*', 'image/jpeg'), {
    width: 320,
    height: null,
    fit: 'inside',
    format: 'avif',
    quality: 80,
  })
  t.equal(derivativeOf({}, 'image/webp', 'image/png').format, 'webp')
  t.equal(derivativeOf({}, '*/*', 'image/png').format, 'png')
  t.equal(derivativeOf({}, 'image/avif;q=0, IMAGE/WebP;q=0.5', 'image/png').format, 'webp')
  t.equal(derivativeOf({}, 'image/avif; q=0.0,image/webp-x', 'image/png').format, 'png')
  t.equal(derivativeOf({}, '', 'image/jpeg').format, 'jpeg')
  t.equal(derivativeName(derivativeOf({ w: 1, h: 33, fit: 'cover', format: 'webp' }, '', 'x')), '32x64-cover-q80.webp')
  t.end()
})

test('images are made, turned upright and stripped', async t => {
  const folder = t.testdir()
  const source = join(folder, 'in.jpg')
  const target = join(folder, 'out.webp')
  const exif = { IFD0: { Artist: 'somebody' }, IFD3: { GPSLatitudeRef: 'N' } }
  await sharp({ create: { width: 200, height: 100, channels: 3, background: 'red' } })
    .withExif(exif)
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(source)
  const images = createImageProcess()
  t.teardown(images.close)
  t.strictSame(await images.look(source), { width: 100, height: 200 })
  await images.derive({ source, target, derivative: derivativeOf({ w: 64, format: 'webp' }, '', 'image/jpeg') })
  const made = await sharp(target).metadata()
  t.match(made, { format: 'webp', width: 64, height: 128 })
  t.equal(made.exif, undefined)
  t.notMatch((await readFile(target)).toString('latin1'), /somebody/)
})

test('a bomb, a truncated and a hostile file are refused, and the next image is made', async t => {
  const folder = t.testdir({ 'not.jpg': 'this is no image', 'evil.svg': '<svg xmlns="http://www.w3.org/2000/svg"' })
  const whole = join(folder, 'whole.png')
  const cut = join(folder, 'cut.png')
  const bomb = join(folder, 'bomb.png')
  const good = sharp({ create: { width: 64, height: 64, channels: 3, background: 'blue' } }).png()
  await good.toFile(whole)
  const noise = await sharp({
    create: {
      width: 300,
      height: 300,
      channels: 3,
      background: 'white',
      noise: { type: 'gaussian', mean: 128, sigma: 90 },
    },
  })
    .png()
    .toBuffer()
  await writeFile(cut, noise.subarray(0, noise.length / 2))
  await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: 'white' } })
    .png()
    .toFile(bomb)

  const images = createImageProcess()
  t.teardown(images.close)
  const derivative = derivativeOf({ w: 32, format: 'jpeg' }, '', 'image/png')
  for (const name of ['not.jpg', 'evil.svg', 'bomb.png'])
    await t.rejects(images.look(join(folder, name)), { code: 'image_unreadable' }, name)
  await t.rejects(images.derive({ source: cut, target: join(folder, 'x.jpg'), derivative }), {
    code: 'image_unreadable',
  })
  await images.derive({ source: whole, target: join(folder, 'y.jpg'), derivative })
  t.match(await sharp(join(folder, 'y.jpg')).metadata(), { width: 32 })
})

test('one that takes too long is killed with its process, and the next is made', async t => {
  const folder = t.testdir()
  const large = join(folder, 'large.png')
  const small = join(folder, 'small.png')
  await sharp({
    create: {
      width: 4_000,
      height: 4_000,
      channels: 3,
      background: 'white',
      noise: { type: 'gaussian', mean: 128, sigma: 90 },
    },
  })
    .png({ compressionLevel: 0 })
    .toFile(large)
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'white' } })
    .png()
    .toFile(small)
  const images = createImageProcess({ ...imageLimits, timeoutMs: 4_000 })
  t.teardown(images.close)
  const slow = derivativeOf({ format: 'avif', q: 100 }, '', 'image/png')
  await t.rejects(images.derive({ source: large, target: join(folder, 'l.avif'), derivative: slow }), {
    code: 'image_unreadable',
  })
  t.strictSame(await images.look(small), { width: 8, height: 8 })
})

test('only so many may wait', async t => {
  const images = createImageProcess({ ...imageLimits, queue: 1 })
  t.teardown(images.close)
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => images.look('/nowhere')))
  const codes = outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.code)
  t.ok(codes.includes('overloaded'))
  t.ok(codes.includes('image_unreadable'))
})
