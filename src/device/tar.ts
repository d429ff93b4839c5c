const blockBytes = 512;

interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The regular files of an uncompressed tar archive (POSIX ustar; long-name extensions are not needed for short flat names).
 * Throws RangeError on an archive that ends in the middle of a file.
 */
export function readTar(archive: Uint8Array): readonly TarFile[] {
  const files: TarFile[] = [];
  let offset = 0;
  while (offset + blockBytes <= archive.length) {
    const header = archive.subarray(offset, offset + blockBytes);
    if (header[0] === 0) break;
    const name = textField(header, 0, 100);
    const size = Number.parseInt(textField(header, 124, 12).trim() || '0', 8);
    const type = header[156];
    const start = offset + blockBytes;
    if (!Number.isFinite(size) || start + size > archive.length) throw new RangeError(`tar: ${name} is cut short`);
    if (type === 0 || type === 0x30) files.push({ name, bytes: archive.subarray(start, start + size) });
    offset = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}

function textField(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1');
}
