import { readFile } from 'node:fs/promises'
import { Liquid } from 'liquidjs'
import mjml2html from 'mjml'
import type { MailText } from './template.ts'

export interface Rendered {
  subject: string
  text: string
  html: string
}

export type Render = (text: MailText) => Promise<Rendered>

/** Compiles the one layout; then each mail is a fill-in of it. Links go to the site at `publicUrl`. */
export async function createRenderer(publicUrl: string): Promise<Render> {
  const layout = await readFile(new URL('./layout.mjml', import.meta.url), 'utf8')
  // No fonts: a mail that is opened fetches nothing from anybody.
  const { html } = await mjml2html(layout, { validationLevel: 'strict', fonts: {} })
  const liquid = new Liquid({ strictVariables: false, strictFilters: true })
  const template = liquid.parse(html)

  return async text => {
    const button = text.button && { label: text.button.label, url: new URL(text.button.path, publicUrl).href }
    return {
      // A line break in a name must not become a header field; nodemailer folds it too, this says so here.
      subject: text.subject.replace(/\s+/g, ' ').slice(0, 200),
      text: plainText(text, button),
      html: await liquid.render(template, { ...text, button }),
    }
  }
}

function plainText({ heading, paragraphs, code, closing }: MailText, button?: { label: string; url: string }): string {
  const parts = [heading, ...paragraphs]
  if (code !== undefined) parts.push(`    ${code}`)
  if (button) parts.push(`${button.label}:\n${button.url}`)
  return `${[...parts, closing].join('\n\n')}\n`
}
