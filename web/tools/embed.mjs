// Writes the built dashboard as sources of the library skep_web: one assembly file that includes the
// bytes and one C++ file with their table.  Usage: node embed.mjs DIST OUT_DIR
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { constants, gzipSync } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const WORTH_IT = 0.9; // gzip is kept if it saves a tenth

const [dist, out] = process.argv.slice(2).map((path) => resolve(path));
mkdirSync(join(out, 'files'), { recursive: true });

const names = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)))
  .sort();

const assets = names.map((name, index) => {
  const type = TYPES[extname(name)];
  if (!type) throw new Error(`${name}: no content type is known for it`);
  const plain = readFileSync(join(dist, name));
  const packed = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
  const compressed = packed.length < plain.length * WORTH_IT;
  const file = join(out, 'files', String(index));
  writeFileSync(file, compressed ? packed : plain);
  return { path: '/' + name, type, compressed, symbol: `skep_web_${index}`, file };
});

const assembly = assets
  .map(({ symbol, file }) => `    .global ${symbol}\n${symbol}:\n    .incbin "${file}"\n    .global ${symbol}_end\n${symbol}_end:\n    .byte 0\n`)
  .join('');
writeFileSync(
  join(out, 'web_assets.S'),
  `    .section .rodata\n${assembly}    .section .note.GNU-stack,"",%progbits\n`,
);

const externs = assets.map(({ symbol }) => `extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n`).join('');
const rows = assets
  .map(({ path, type, symbol, compressed }) =>
    `        {"${path}", "${type}", {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}, ${compressed}},\n`)
  .join('');
writeFileSync(
  join(out, 'web_assets.cpp'),
  `// Written by web/tools/embed.mjs.
#include "hub/web_assets.hpp"

#include <array>
#include <cstddef>

extern "C" {
${externs}}

namespace skep::hub {

std::span<const Asset> web_assets() {
    static const std::array<Asset, ${assets.length}> assets{{
${rows}    }};
    return assets;
}

} // namespace skep::hub
`,
);
