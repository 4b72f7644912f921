// The form of an import: shows what the file is before it is sent, and how much of it is. Without this the form works alone.
"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const number = n => n.toLocaleString("en-US");
  const form = byId("import"), kind = byId("kind"), picker = byId("file");
  const {preview, import: target, jobs, head, token} = form.dataset;
  const headers = token ? {"X-CSRFToken": token} : {};
  const inputs = [...form.querySelectorAll("[data-option] input, [data-option] select")];
  let file = null, isKindChosen = false, asking = null, sending = null;

  const element = (name, text, type) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (type) made.className = type;
    return made;
  };

  const takenByKind = () => kind.selectedOptions[0].dataset.options.split(" ");

  function parameters(withKind) {
    const asked = new URLSearchParams(withKind ? {kind: kind.value} : {}), taken = takenByKind();
    for (const input of inputs) {
      const value = input.value.trim();
      if (!value || (withKind && !taken.includes(input.name))) continue;
      if (input.name !== "tag") asked.set(input.name, value);
      else for (const label of value.split(",")) if (label.trim()) asked.append("tag", label.trim());
    }
    return asked;
  }

  function showOptions() {
    const taken = takenByKind();
    form.querySelectorAll("[data-option]").forEach(each => { each.hidden = !taken.includes(each.dataset.option); });
    if (!byId("choice").hidden) form.querySelector("[data-option=column]").hidden = true;
  }

  function showProblem(problem) {
    const box = byId("problem");
    box.replaceChildren(element("p", problem.detail));
    const about = Object.entries(problem.errors || {}).filter(([name]) => name !== "file");
    if (about.length) box.append(...about.map(([name, messages]) => element("p", `${name}: ${messages.join(" ")}`)));
    if (problem.code) box.append(element("p", `${problem.code} · request ${problem.request_id}`, "quiet"));
    box.hidden = false;
  }

  function showChoice(columns, column) {
    byId("choice").hidden = columns.length < 2;
    const first = new Option(column ? `found: ${column}` : "choose one", "");
    const others = columns.map(name => new Option(/^\d+$/.test(name) ? `number ${name}` : name, name));
    byId("choose").replaceChildren(first, ...others);
    byId("choose").value = byId("column").value;
    if (byId("choose").selectedIndex < 0) byId("choose").selectedIndex = 0;
    showOptions();
  }

  function showRows(rows) {
    byId("rows").hidden = !rows.length;
    byId("rows").querySelector("tbody").replaceChildren(...rows.map(row => {
      const line = document.createElement("tr"), input = element("td", "", "wide");
      const outcome = element("td", row.code ? "" : "good");
      input.append(element("span", row.input, "raw"));
      if (row.code) outcome.append(element("span", "rejected", "status failed"), ` ${row.detail}`);
      line.append(element("td", number(row.row), "count"), input, outcome);
      return line;
    }));
  }

  function describe(found) {
    const format = found.format;
    if (!format) return `${found.file_name}: a file of this size and kind is recognised when the import starts.`;
    const parts = [format.name, format.encoding];
    if (format.column) parts.push(`column ${format.column}`);
    const between = format.delimiter === "\t" ? "tabs" : JSON.stringify(format.delimiter);
    if (format.delimiter) parts.push(`cells between ${between}`);
    const which = found.is_whole ? "All rows" : "First rows";
    const rows = `${which}: ${number(found.good)} good, ${number(found.rejected)} rejected.`;
    return `Recognised as ${found.kind}: ${parts.join(", ")}. ${rows}${found.error ? ` ${found.error}` : ""}`;
  }

  async function recognise() {
    if (!file) return;
    asking?.abort();
    const mine = asking = new AbortController(), body = new FormData();
    body.append("file", file.slice(0, Number(head)), file.name);
    byId("problem").hidden = true;
    byId("recognised").hidden = false;
    byId("found").textContent = "Looking at the file…";
    try {
      const url = `${preview}?${parameters(isKindChosen)}`;
      const answer = await fetch(url, {method: "POST", body, headers, signal: mine.signal});
      const found = await answer.json();
      if (mine !== asking) return;
      if (answer.ok) {
        kind.value = found.kind;
        byId("found").textContent = describe(found);
        showChoice(found.columns, byId("column").value ? "" : found.format?.column);
        showRows(found.rows);
      } else {
        byId("found").textContent = "With these options this file cannot be imported.";
        showChoice(found.columns || [], "");
        showRows([]);
        showProblem(found);
      }
    } catch (error) {
      if (error.name !== "AbortError") showProblem({detail: "The service does not respond. Choose the file again."});
    }
  }

  function choose(chosen) {
    file = chosen;
    isKindChosen = false;
    byId("column").value = "";
    recognise();
  }

  function progress(done, whole) {
    const percent = whole ? Math.floor(100 * done / whole) : 0;
    const text = `Sent ${percent} % of ${number(Math.ceil(whole / 1024))} KiB`;
    byId("sent").value = percent;
    if (percent % 10 === 0 && byId("sent-text").textContent !== text) byId("sent-text").textContent = text;
  }

  function ended(problem) {
    sending = null;
    byId("send").disabled = false;
    byId("stop").hidden = byId("sending").hidden = true;
    if (problem) showProblem(problem);
  }

  function send() {
    const request = sending = new XMLHttpRequest(), body = new FormData();
    body.append("file", file, file.name);
    byId("send").disabled = true;
    byId("stop").hidden = byId("sending").hidden = false;
    byId("problem").hidden = true;
    progress(0, file.size);
    request.open("POST", `${target}?${parameters(true)}`);
    for (const name in headers) request.setRequestHeader(name, headers[name]);
    request.responseType = "json";
    request.upload.onprogress = event => progress(event.loaded, event.total);
    request.upload.onload = () => { byId("sent-text").textContent = "Sent. The file is being kept…"; };
    request.onload = () => {
      if (request.status === 202) location = `${jobs}/${request.response.job_id}`;
      else ended(request.response || {detail: `The service answered ${request.status}. Try again.`});
    };
    request.onerror = () => ended({detail: "The connection was lost before all was sent. Send the file again."});
    request.onabort = () => ended();
    request.send(body);
  }

  form.prepend(byId("drop"));
  byId("drop").after(byId("recognised"));
  form.querySelectorAll("[data-script]").forEach(each => { each.hidden = false; });
  showOptions();
  picker.addEventListener("change", () => { if (picker.files.length) choose(picker.files[0]); });
  kind.addEventListener("change", () => { isKindChosen = true; showOptions(); recognise(); });
  inputs.forEach(input => input.addEventListener("change", recognise));
  byId("choose").addEventListener("change", () => { byId("column").value = byId("choose").value; recognise(); });
  byId("stop").addEventListener("click", () => sending?.abort());
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (file && !sending) send();
  });
  const isFile = event => [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", event => {
    if (!isFile(event)) return;
    event.preventDefault();
    byId("drop").classList.add("over");
  });
  document.addEventListener("dragleave", event => { if (!event.relatedTarget) byId("drop").classList.remove("over"); });
  document.addEventListener("drop", event => {
    if (!isFile(event)) return;
    event.preventDefault();
    byId("drop").classList.remove("over");
    if (!event.dataTransfer.files.length || sending) return;
    picker.files = event.dataTransfer.files;
    choose(event.dataTransfer.files[0]);
  });
  if (picker.files.length) choose(picker.files[0]);  // a browser that goes back keeps it
})();
