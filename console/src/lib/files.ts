// The files in what was dropped, folders included.

export interface NamedFile {
  file: File;
  /** The path inside the folder that was dropped, else the name of the file. */
  name: string;
}

/** Files that are taken at once; more is rather a mistake. */
export const FILES_MAX = 1_000;
const DEPTH_MAX = 16;

/** All files of a drop. Must be called before the event ends: the items are gone afterwards. */
export function filesOf(transfer: DataTransfer): Promise<NamedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return Promise.resolve(named(transfer.files));
  return walk(entries);
}

/** The files of a file field; a field for folders knows the path of each. */
export function named(files: FileList | null): NamedFile[] {
  return [...(files ?? [])].slice(0, FILES_MAX).map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

async function walk(entries: FileSystemEntry[]): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  const visit = async (entry: FileSystemEntry, depth: number): Promise<void> => {
    if (found.length >= FILES_MAX || depth > DEPTH_MAX) return;
    if (entry.isFile) {
      const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
      found.push({ file, name: entry.fullPath.replace(/^\//, '') });
    } else if (entry.isDirectory) {
      for (const child of await children(entry as FileSystemDirectoryEntry)) await visit(child, depth + 1);
    }
  };
  for (const entry of entries) await visit(entry, 0);
  return found;
}

async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives its entries in parts, and an empty one at the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (part.length === 0 || all.length >= FILES_MAX) return all;
    all.push(...part);
  }
}
