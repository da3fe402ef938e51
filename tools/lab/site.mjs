// The shop's static pages: a catalogue, a journal, their pictures and style, a few links that lead nowhere, and one page
// whose pictures somebody forgot to upload.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How many pages of each kind there are. */
export const PAGES = { products: 48, journal: 24 };
/** Pictures that the gallery page names and that were never uploaded. */
export const MISSING_PICTURES = Array.from({ length: 14 }, (_, n) => `/pictures/gallery-${n + 1}.jpg`);
/** Old links that the pages still carry. */
const DEAD_LINKS = ['/journal/2019-spring', '/about-us-old', '/products/sale', '/newsletter/archive', '/press'];

/** @param {string} root */
export async function writePages(root) {
  for (const folder of ['', 'products', 'journal', 'assets', 'pictures', 'reports', 'internal', 'artefacts']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  const products = paths('products', PAGES.products);
  const journal = paths('journal', PAGES.journal);
  await page(root, '/index.html', 'Shop', [...products, ...journal, '/gallery.html', '/login', ...DEAD_LINKS]);
  await page(root, '/gallery.html', 'Gallery', ['/'], MISSING_PICTURES);
  for (const path of products)
    await page(root, path, path, ['/', ...products.slice(0, 6)], [`/pictures/${path.length}.jpg`]);
  for (const path of journal) await page(root, path, path, ['/', ...journal.slice(0, 6)]);
  await page(root, '/reports/index.html', 'Reports', ['/reports/q3.html']);
  await page(root, '/reports/q3.html', 'Third quarter', []);
  for (let n = 0; n < 60; n++) await writeFile(join(root, 'pictures', `${n}.jpg`), 'JFIF'.repeat(400));
  await writeFile(join(root, 'assets', 'style.css'), 'body { font: 1rem/1.5 sans-serif }\n'.repeat(40));
  await writeFile(join(root, 'assets', 'shop.js'), 'document.title += "";\n'.repeat(40));
  await writeFile(join(root, 'robots.txt'), 'User-agent: *\nDisallow: /account\nDisallow: /search\n');
  await writeFile(join(root, 'feed.xml'), '<?xml version="1.0"?><feed/>\n');
  await writeFile(join(root, 'artefacts', 'build.tar.gz'), 'build'.repeat(2000));
}

/**
 * @param {string} folder
 * @param {number} count
 */
function paths(folder, count) {
  return Array.from({ length: count }, (_, n) => `/${folder}/${n + 1}.html`);
}

/**
 * @param {string} root
 * @param {string} path
 * @param {string} title
 * @param {readonly string[]} links
 * @param {readonly string[]} pictures
 */
async function page(root, path, title, links, pictures = []) {
  const anchors = links.map((link) => `<a href="${link}">${link}</a>`).join(' ');
  const images = pictures.map((picture) => `<img src="${picture}">`).join('');
  const head = `<link rel=stylesheet href="/assets/style.css"><script src="/assets/shop.js"></script>`;
  await writeFile(
    join(root, path),
    `<!doctype html><title>${title}</title>${head}<h1>${title}</h1>${images}<p>${anchors}</p>\n`,
  );
}
