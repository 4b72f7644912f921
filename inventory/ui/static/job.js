// The progress of a job as it happens. Without this the page shows how it stood when it was loaded, and loads itself again.
"use strict";
(() => {
  const at = id => document.getElementById(id), {api, name} = at("job").dataset;
  const number = n => n === null ? "?" : n.toLocaleString("en-US");
  const instant = t => t === null ? "–" : t.slice(0, 19).replace("T", " ") + "Z";
  const duration = s => s === null ? "–" : s < 60 ? s + " s" : s < 3600 ? Math.floor(s / 60) + " min " + s % 60 + " s"
    : Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
  const isOver = job => ["completed", "failed", "cancelled"].includes(job.status);
  let said = "";

  function say(job) {  // a reader of the screen hears of each tenth, and of each status
    const tenth = job.percent === null ? "" : `, ${Math.floor(job.percent / 10) * 10} %`, text = job.status + tenth;
    if (text !== said) at("said").textContent = said = text;
  }

  function show(job) {
    const percent = job.percent === null ? "–" : job.percent.toFixed(1) + " %";
    const texts = {
      status: job.status, percent, rows: number(job.processed) + " of " + number(job.total),
      rate: job.rate === null ? "–" : number(job.rate) + " rows/s", eta: duration(job.eta_seconds), error: job.error || "",
      succeeded: number(job.succeeded), failed: number(job.failed), rejected: number(job.rejected), bytes: number(job.bytes_read),
      started: instant(job.started_at), finished: instant(job.finished_at), link: "",
    };
    for (const id in texts) if (at(id)) at(id).textContent = texts[id];
    at("status").className = "status " + job.status;
    at("error").hidden = !job.error;
    if (job.percent === null) at("bar").removeAttribute("value"); else at("bar").value = job.percent;
    document.title = `${percent} · ${name} · Inventory`;
    say(job);
    return isOver(job);
  }

  async function showEnd() {  // its rows, and what can be done now, are parts of the page
    const answer = await fetch(location.href);
    if (!answer.ok) return location.reload();
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["actions", "outcomes"]) at(id).replaceWith(document.importNode(shown.getElementById(id), true));
  }

  async function poll() {
    try {
      const answer = await fetch(api);
      if ([401, 404].includes(answer.status)) return location.reload();
      const job = await answer.json();
      if (job.status && show(job)) return showEnd();
    } catch { at("link").textContent = "The service does not respond. Trying again…"; }
    setTimeout(poll, 2000);
  }

  const source = new EventSource(api + "/events");
  source.addEventListener("progress", message => show(JSON.parse(message.data)));
  source.addEventListener("end", message => {
    source.close();
    if (show(JSON.parse(message.data))) showEnd(); else location.reload();  // of a key that ended, say
  });
  source.onopen = () => { at("link").textContent = ""; };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) poll();  // no stream slot is free, for instance
    else at("link").textContent = "The connection was lost. Reconnecting…";
  };
})();
