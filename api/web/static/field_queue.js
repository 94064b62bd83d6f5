/* The records that an officer makes, kept on the phone until the service has them: in order, each carried out once. */
const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/* A record: { n, id, officer, task, kind, slot, said_at, fields: [[name, text or file]], state, message, version, theirs }.
   state: draft (being typed), waiting, refused (with the service's message) or conflict (with what stands).
   A later record of the same task, kind and slot takes the place of one that has not arrived. */
class FieldQueue {
  static async open(officer) {
    const opening = indexedDB.open("yichuang-field", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("records", { keyPath: "n", autoIncrement: true });
    return new FieldQueue(await settled(opening), officer);
  }

  constructor(database, officer) {
    this.database = database;
    this.officer = officer;
  }

  /* The work and its result, once the phone has really written it down. */
  async change(work) {
    const transaction = this.database.transaction("records", "readwrite", { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await work(transaction.objectStore("records"));
    await done;
    return result;
  }

  all() {
    return settled(this.database.transaction("records").objectStore("records").getAll());
  }

  async own() {
    return (await this.all()).filter((record) => record.officer === this.officer);
  }

  async put({ task, kind, slot, fields, state }) {
    const record = { id: crypto.randomUUID(), officer: this.officer, said_at: new Date().toISOString(), task, kind, slot, fields, state };
    await this.change(async (records) => {
      const same = (other) => other.officer === this.officer && other.task === task && other.kind === kind && other.slot === slot;
      for (const other of (await settled(records.getAll())).filter(same)) records.delete(other.n);
      records.add(record);
    });
  }

  drop(record) {
    return this.change((records) => { records.delete(record.n); });
  }

  /* After a conflict: what this phone says holds although the other version has been read. */
  insist(record) {
    const fields = [...record.fields.filter(([name]) => name !== "seen"), ["seen", String(record.version)]];
    return this.change((records) => { records.put({ ...record, id: crypto.randomUUID(), fields, state: "waiting", message: "" }); });
  }

  /* Sends what waits, one after the other; a task stops at its first record that is not carried out.
     Resolves to the records that arrived. Throws where the service cannot be reached or wants a login. */
  send() {
    return navigator.locks.request("yichuang-field", async () => {
      const arrived = [], held = new Set();
      for (const record of await this.own()) {
        if (record.state === "draft" || held.has(record.task)) continue;
        const answer = record.state === "conflict" ? { result: "conflict", ...record } : await this.post(record);
        if (answer.result === "done") {
          await this.drop(record);
          arrived.push({ ...record, version: answer.version });
        } else {
          held.add(record.task);
          const { message = "", version = 0, theirs = {} } = answer;
          const state = answer.result === "conflict" ? "conflict" : "refused";
          await this.change(async (records) => {
            if (await settled(records.get(record.n))) records.put({ ...record, state, message, version, theirs });
          });
        }
      }
      return arrived;
    });
  }

  async post(record, again = true) {
    const body = new FormData();
    const [code, matter] = record.task.split("/");
    const head = { record: record.id, officer: record.officer, said_at: record.said_at, kind: record.kind, code, matter };
    for (const [name, value] of [...Object.entries(head), ...record.fields]) body.append(name, value);
    const headers = { accept: "application/json", "x-csrftoken": FieldQueue.token() };
    const response = await fetch("/tasks/records", { method: "POST", body, headers });
    if (response.ok) return response.json();
    if (response.status === 403 && again) {
      await fetch("/tasks", { cache: "no-store" }); // brings the token back that the browser forgot when it was closed
      return this.post(record, false);
    }
    throw Object.assign(new Error(`status ${response.status}`), { login: response.status === 401 });
  }

  static token() {
    return document.cookie.split("; ").find((pair) => pair.startsWith("csrf="))?.slice(5) ?? "";
  }
}
