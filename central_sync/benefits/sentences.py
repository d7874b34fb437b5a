"""What each kind of step says, in each language: tables of sentences with named places, and nothing else.

PURE. A test holds that no kind, language or name is missing. ``{name}`` is what the rulebook calls the rule, or, where it has no name in the
language, the kind's own word in :data:`WORDS`. Rules for whoever adds one
    * Write to the patient, in the field's own terms (فرانشیز، سهم سازمان، سقف تعهد; 起付线、个人先自付、封顶线), one whole sentence.
    * :data:`FIGURES` says the same with the coins that the kind's figures are; it is used where they are known.
    * :data:`LESS` is joined to the sentence of a step off which something was taken afterwards.
"""

from __future__ import annotations

from central_sync.benefits.kinds import Kind
from central_sync.terms.languages import Language

EN, FA, ZH = Language.EN, Language.FA, Language.ZH

SENTENCES: dict[Language, dict[Kind, str]] = {
    EN: {
        Kind.OWN_PAY: "Not insured (class C): this part is the patient's.",
        Kind.OVER_CEILING: "Above the insured price: this part is the patient's.",
        Kind.OVER_TARIFF: "Above the tariff of this kind of hospital: this part is the patient's.",
        Kind.FIRST_SELF_PAY: "Class B items: the part that the patient pays first.",
        Kind.IN_SCOPE: "In scope of the insurance, and left by every cover in force.",
        Kind.NO_SUCH_SCHEME: "The rulebook does not know this scheme: it pays nothing.",
        Kind.OTHER_CURRENCY: "It pays in another currency, and nothing here.",
        Kind.LAYER_REQUIRED: "It pays only beside {layer}, and none is in force.",
        Kind.NO_SUCH_BENEFIT: "It does not pay for {care} care.",
        Kind.NO_BENEFIT_FOR_CASE: "It does not pay for {care} care in such a case.",
        Kind.LOOKED_AT: "What {name} counts: {parts}.",
        Kind.NOTHING: "Nothing on the bill is for it.",
        Kind.WAITING: "{name}: nothing is paid before {until}.",
        Kind.COUNTED_CAP: "{name}: what is above it is not counted.",
        Kind.FIRST_PART: "{name}: {ratio} of it is the patient's before anything else.",
        Kind.DEDUCTIBLE: "{name}: due before the insurer pays.",
        Kind.DEDUCTIBLE_LATER: "{name}: for bill number {number} of the year, {ratio} of it is due.",
        Kind.DEDUCTIBLE_FLOOR: "{name}: for bill number {number} of the year, {ratio} of it is due, but not less than the floor.",
        Kind.DEDUCTED_CAP: "{name}: reached.",
        Kind.BAND: "{name}: in band {band} of {bands} the insurer pays {ratio}, and this is the rest.",
        Kind.NO_BAND: "{name}: none is set for such a case, and nothing is paid.",
        Kind.LEAST: "{name}: the patient's part is not less.",
        Kind.OWN_CAP: "{name}: the patient pays nothing above it.",
        Kind.PAID_CAP: "{name}: reached, and nothing above it is paid.",
        Kind.ACCOUNT: "The personal account holds no more.",
        Kind.APPROVED: "The payer has approved no more.",
        Kind.PAID_EARLIER: "Paid by earlier payers.",
        Kind.PAID_LATER: "Paid by {name}.",
        Kind.PACKAGE: "{name}: a fixed price, in the place of the itemised bill.",
        Kind.ROUNDING: "Rounded to a multiple of {to}.",
        Kind.SETTLED_BEFORE: "Settled before, in earlier parts of this stay.",
    },
    FA: {
        Kind.OWN_PAY: "خارج از تعهد بیمه (گروه C): این بخش با بیمار است.",
        Kind.OVER_CEILING: "مازاد بر قیمت مورد تعهد: این بخش با بیمار است.",
        Kind.OVER_TARIFF: "مازاد بر تعرفهٔ این نوع بیمارستان: این بخش با بیمار است.",
        Kind.FIRST_SELF_PAY: "اقلام گروه B: بخشی که نخست با بیمار است.",
        Kind.IN_SCOPE: "در تعهد بیمه، اما هیچ پوشش برقراری آن را نپرداخته است.",
        Kind.NO_SUCH_SCHEME: "این طرح بیمه در مقررات شناخته نیست و چیزی نمی‌پردازد.",
        Kind.OTHER_CURRENCY: "به ارز دیگری می‌پردازد و در اینجا چیزی نمی‌پردازد.",
        Kind.LAYER_REQUIRED: "تنها در کنار {layer} می‌پردازد و چنین پوششی برقرار نیست.",
        Kind.NO_SUCH_BENEFIT: "هزینهٔ درمان {care} را نمی‌پردازد.",
        Kind.NO_BENEFIT_FOR_CASE: "در چنین موردی هزینهٔ درمان {care} را نمی‌پردازد.",
        Kind.LOOKED_AT: "آنچه {name} به حساب می‌آورد: {parts}.",
        Kind.NOTHING: "در صورتحساب چیزی برای پرداخت آن نیست.",
        Kind.WAITING: "{name}: پیش از {until} چیزی پرداخت نمی‌شود.",
        Kind.COUNTED_CAP: "{name}: مازاد بر آن به حساب نمی‌آید.",
        Kind.FIRST_PART: "{name}: {ratio} آن پیش از هر چیز با بیمار است.",
        Kind.DEDUCTIBLE: "{name}: پیش از پرداخت بیمه با بیمار است.",
        Kind.DEDUCTIBLE_LATER: "{name}: برای صورتحساب شمارهٔ {number} سال، {ratio} آن با بیمار است.",
        Kind.DEDUCTIBLE_FLOOR: "{name}: برای صورتحساب شمارهٔ {number} سال، {ratio} آن با بیمار است، اما نه کمتر از حداقل.",
        Kind.DEDUCTED_CAP: "{name}: پر شده است.",
        Kind.BAND: "{name}: در پلهٔ {band} از {bands}، سهم سازمان {ratio} است و بقیه سهم بیمار.",
        Kind.NO_BAND: "{name}: برای چنین موردی تعیین نشده است و چیزی پرداخت نمی‌شود.",
        Kind.LEAST: "{name}: سهم بیمار کمتر از این نیست.",
        Kind.OWN_CAP: "{name}: بیمار مازاد بر آن را نمی‌پردازد.",
        Kind.PAID_CAP: "{name}: پر شده است و مازاد بر آن پرداخت نمی‌شود.",
        Kind.ACCOUNT: "موجودی حساب شخصی بیش از این نیست.",
        Kind.APPROVED: "بیمه بیش از این تأیید نکرده است.",
        Kind.PAID_EARLIER: "بیمه‌های پیشین آن را پرداخته‌اند.",
        Kind.PAID_LATER: "پرداخت از سوی {name}.",
        Kind.PACKAGE: "{name}: قیمت ثابت، به‌جای صورتحساب ریز.",
        Kind.ROUNDING: "گرد شده به مضربی از {to}.",
        Kind.SETTLED_BEFORE: "پیش‌تر، در تسویه‌های میانی همین بستری، تسویه شده است.",
    },
    ZH: {
        Kind.OWN_PAY: "目录外（丙类）全自费：此部分由个人支付。",
        Kind.OVER_CEILING: "超过医保支付标准：此部分由个人支付。",
        Kind.OVER_TARIFF: "超过该类医院的收费标准：此部分由个人支付。",
        Kind.FIRST_SELF_PAY: "乙类项目：个人先自付的部分。",
        Kind.IN_SCOPE: "政策范围内费用，各项有效保险均未支付的部分。",
        Kind.NO_SUCH_SCHEME: "规则库中没有该保险，不予支付。",
        Kind.OTHER_CURRENCY: "该保险以其他货币支付，本次不予支付。",
        Kind.LAYER_REQUIRED: "须与{layer}同时有效才支付，而目前没有。",
        Kind.NO_SUCH_BENEFIT: "该保险不支付{care}费用。",
        Kind.NO_BENEFIT_FOR_CASE: "该保险不支付此类情形的{care}费用。",
        Kind.LOOKED_AT: "{name}的计算基数：{parts}。",
        Kind.NOTHING: "账单上没有应由其支付的费用。",
        Kind.WAITING: "{name}：{until}之前不予支付。",
        Kind.COUNTED_CAP: "{name}：超出部分不计入。",
        Kind.FIRST_PART: "{name}：先由个人自付{ratio}。",
        Kind.DEDUCTIBLE: "{name}：保险支付之前由个人承担。",
        Kind.DEDUCTIBLE_LATER: "{name}：本年度第{number}次，按{ratio}由个人承担。",
        Kind.DEDUCTIBLE_FLOOR: "{name}：本年度第{number}次，按{ratio}由个人承担，但不低于最低标准。",
        Kind.DEDUCTED_CAP: "{name}：已达到。",
        Kind.BAND: "{name}：第{band}段（共{bands}段）支付{ratio}，此为其余由个人负担的部分。",
        Kind.NO_BAND: "{name}：此类情形未作规定，不予支付。",
        Kind.LEAST: "{name}：个人负担不低于此数。",
        Kind.OWN_CAP: "{name}：超出部分个人不再负担。",
        Kind.PAID_CAP: "{name}：已达到，超出部分不予支付。",
        Kind.ACCOUNT: "个人账户余额不足。",
        Kind.APPROVED: "保险未核准更多金额。",
        Kind.PAID_EARLIER: "已由先行支付的保险支付。",
        Kind.PAID_LATER: "由{name}支付。",
        Kind.PACKAGE: "{name}：按定额结算，代替逐项费用。",
        Kind.ROUNDING: "按{to}的整数倍取整。",
        Kind.SETTLED_BEFORE: "已在本次住院的中途结算中结清。",
    },
}

FIGURES: dict[Language, dict[Kind, str]] = {
    EN: {
        Kind.COUNTED_CAP: "{name}: of {of} only {open} still counts.",
        Kind.FIRST_PART: "{name}: {ratio} of {of} is the patient's before anything else.",
        Kind.DEDUCTIBLE: "{name}: the first {whole} is due before the insurer pays; {met} of it was met before.",
        Kind.DEDUCTIBLE_LATER: "{name} ({whole}): for bill number {number} of the year, {ratio} of it is due.",
        Kind.DEDUCTIBLE_FLOOR: "{name} ({whole}): for bill number {number} of the year, {ratio} of it is due, but {floor} at least.",
        Kind.DEDUCTED_CAP: "{name}: of {of} only {open} is still due.",
        Kind.BAND: "{name}: from {low} to {high} (band {band} of {bands}) the insurer pays {ratio}, and this is the rest.",
        Kind.LEAST: "{name}: the patient's part is {least} at least; it was {own}.",
        Kind.OWN_CAP: "{name}: of a part of {own} the patient pays {open}, and the insurer what is above.",
        Kind.PAID_CAP: "{name}: of {of} the insurer may still pay {open}.",
        Kind.ACCOUNT: "Of {of} the personal account can pay {open}; it holds no more.",
        Kind.APPROVED: "Of {of} the payer has approved {open}, and no more.",
        Kind.PAID_EARLIER: "Of {of} earlier payers have left {open}.",
        Kind.PACKAGE: "{name}: a fixed price, in the place of {itemised} as itemised.",
    },
    FA: {
        Kind.COUNTED_CAP: "{name}: از {of} تنها {open} به حساب می‌آید.",
        Kind.FIRST_PART: "{name}: {ratio} از {of} پیش از هر چیز با بیمار است.",
        Kind.DEDUCTIBLE: "{name}: نخستین {whole} پیش از پرداخت بیمه با بیمار است؛ {met} آن پیش‌تر پرداخت شده است.",
        Kind.DEDUCTIBLE_LATER: "{name} ({whole}): برای صورتحساب شمارهٔ {number} سال، {ratio} آن با بیمار است.",
        Kind.DEDUCTIBLE_FLOOR: "{name} ({whole}): برای صورتحساب شمارهٔ {number} سال، {ratio} آن با بیمار است، اما دست‌کم {floor}.",
        Kind.DEDUCTED_CAP: "{name}: از {of} تنها {open} دیگر با بیمار است.",
        Kind.BAND: "{name}: از {low} تا {high} (پلهٔ {band} از {bands})، سهم سازمان {ratio} است و بقیه سهم بیمار.",
        Kind.LEAST: "{name}: سهم بیمار دست‌کم {least} است و {own} بود.",
        Kind.OWN_CAP: "{name}: از سهم {own}، بیمار {open} می‌پردازد و بیمه مازاد آن را.",
        Kind.PAID_CAP: "{name}: از {of} بیمه تنها {open} دیگر می‌پردازد.",
        Kind.ACCOUNT: "از {of}، حساب شخصی {open} می‌پردازد و موجودی بیش از این نیست.",
        Kind.APPROVED: "از {of}، بیمه {open} را تأیید کرده است و نه بیشتر.",
        Kind.PAID_EARLIER: "از {of}، بیمه‌های پیشین {open} باقی گذاشته‌اند.",
        Kind.PACKAGE: "{name}: قیمت ثابت، به‌جای {itemised} صورتحساب ریز.",
    },
    ZH: {
        Kind.COUNTED_CAP: "{name}：{of}中只能再计入{open}。",
        Kind.FIRST_PART: "{name}：{of}中先由个人自付{ratio}。",
        Kind.DEDUCTIBLE: "{name}：保险支付之前先由个人承担{whole}，其中{met}此前已承担。",
        Kind.DEDUCTIBLE_LATER: "{name}（{whole}）：本年度第{number}次，按{ratio}由个人承担。",
        Kind.DEDUCTIBLE_FLOOR: "{name}（{whole}）：本年度第{number}次，按{ratio}由个人承担，但不低于{floor}。",
        Kind.DEDUCTED_CAP: "{name}：{of}中只需再承担{open}。",
        Kind.BAND: "{name}：{low}至{high}（第{band}段，共{bands}段）支付{ratio}，此为其余由个人负担的部分。",
        Kind.LEAST: "{name}：个人负担至少{least}，原为{own}。",
        Kind.OWN_CAP: "{name}：个人负担{own}中只承担{open}，超出部分由保险支付。",
        Kind.PAID_CAP: "{name}：应付{of}，限额内只能再支付{open}。",
        Kind.ACCOUNT: "应付{of}，个人账户只能支付{open}，余额不足。",
        Kind.APPROVED: "应付{of}，保险只核准{open}。",
        Kind.PAID_EARLIER: "应付{of}，先行支付后只余{open}。",
        Kind.PACKAGE: "{name}：按定额结算，代替逐项费用{itemised}。",
    },
}

NOTHING_MET: dict[Language, str] = {
    EN: "{name}: the first {whole} is due before the insurer pays.",
    FA: "{name}: نخستین {whole} پیش از پرداخت بیمه با بیمار است.",
    ZH: "{name}：保险支付之前先由个人承担{whole}。",
}
"""A deductible with its figures where none of it was met before."""

ONE_BAND: dict[Language, str] = {
    EN: "{name}: the insurer pays {ratio}, and this is the rest.",
    FA: "{name}: سهم سازمان {ratio} است و بقیه سهم بیمار.",
    ZH: "{name}：支付{ratio}，此为其余由个人负担的部分。",
}
"""A band where there is only one."""

LESS: dict[Language, dict[Kind | None, str]] = {
    EN: {None: "{said} Less {amount}: {reason}", Kind.PAID_LATER: "{said} {name} pays {amount} of it."},
    FA: {None: "{said} {amount} کمتر: {reason}", Kind.PAID_LATER: "{said} {amount} آن را {name} می‌پردازد."},
    ZH: {None: "{said}减少{amount}：{reason}", Kind.PAID_LATER: "{said}其中{amount}由{name}支付。"},
}
"""How what was taken off is told; ``None``: for every other kind."""

WORDS: dict[Language, dict[Kind, str]] = {
    EN: {
        Kind.LOOKED_AT: "the insurer",
        Kind.WAITING: "Waiting period",
        Kind.COUNTED_CAP: "Cap on what is counted",
        Kind.FIRST_PART: "Own first part",
        Kind.DEDUCTIBLE: "Deductible",
        Kind.DEDUCTIBLE_LATER: "Deductible",
        Kind.DEDUCTIBLE_FLOOR: "Deductible",
        Kind.DEDUCTED_CAP: "The most that deductibles come to",
        Kind.BAND: "Co-payment",
        Kind.NO_BAND: "Co-payment",
        Kind.LEAST: "Least own part",
        Kind.OWN_CAP: "Out-of-pocket maximum",
        Kind.PAID_CAP: "Cap",
        Kind.PAID_LATER: "A later payer",
        Kind.PACKAGE: "Package",
    },
    FA: {
        Kind.LOOKED_AT: "بیمه",
        Kind.WAITING: "دورهٔ انتظار",
        Kind.COUNTED_CAP: "سقف هزینهٔ مورد قبول",
        Kind.FIRST_PART: "سهم نخستین بیمار",
        Kind.DEDUCTIBLE: "فرانشیز",
        Kind.DEDUCTIBLE_LATER: "فرانشیز",
        Kind.DEDUCTIBLE_FLOOR: "فرانشیز",
        Kind.DEDUCTED_CAP: "سقف مجموع فرانشیز",
        Kind.BAND: "سهم بیمار",
        Kind.NO_BAND: "سهم پرداخت",
        Kind.LEAST: "حداقل سهم بیمار",
        Kind.OWN_CAP: "سقف سهم بیمار",
        Kind.PAID_CAP: "سقف تعهد",
        Kind.PAID_LATER: "بیمهٔ بعدی",
        Kind.PACKAGE: "بستهٔ گلوبال",
    },
    ZH: {
        Kind.LOOKED_AT: "该保险",
        Kind.WAITING: "等待期",
        Kind.COUNTED_CAP: "计入费用限额",
        Kind.FIRST_PART: "个人先行自付",
        Kind.DEDUCTIBLE: "起付线",
        Kind.DEDUCTIBLE_LATER: "起付线",
        Kind.DEDUCTIBLE_FLOOR: "起付线",
        Kind.DEDUCTED_CAP: "起付线累计限额",
        Kind.BAND: "支付比例",
        Kind.NO_BAND: "支付比例",
        Kind.LEAST: "个人最低负担",
        Kind.OWN_CAP: "个人负担封顶线",
        Kind.PAID_CAP: "封顶线",
        Kind.PAID_LATER: "后续保险",
        Kind.PACKAGE: "打包付费",
    },
}
"""What a kind's rule is called where the rulebook does not say."""

PARTS: dict[Language, dict[str, str]] = {
    EN: {
        "in_scope": "what is in scope",
        "first_self_pay": "first self-pay of class B",
        "over_ceiling": "what is above the insured price",
        "over_tariff": "what is above the tariff",
        "own_pay": "what is not insured (class C)",
    },
    FA: {
        "in_scope": "هزینهٔ در تعهد",
        "first_self_pay": "سهم نخست بیمار از گروه B",
        "over_ceiling": "مازاد بر قیمت مورد تعهد",
        "over_tariff": "مازاد بر تعرفه",
        "own_pay": "خارج از تعهد (گروه C)",
    },
    ZH: {
        "in_scope": "政策范围内费用",
        "first_self_pay": "乙类个人先自付",
        "over_ceiling": "超支付标准部分",
        "over_tariff": "超收费标准部分",
        "own_pay": "目录外（丙类）费用",
    },
}
"""The parts of a bill."""

LAYERS: dict[Language, dict[str, str]] = {
    EN: {
        "base": "basic insurance",
        "base_supplement": "a supplement to the basic insurance",
        "critical_illness": "critical-illness insurance",
        "supplementary": "supplementary insurance",
        "aid": "medical aid",
        "subsidy": "a subsidy",
        "account": "a personal account",
    },
    FA: {
        "base": "بیمهٔ پایه",
        "base_supplement": "مکمل بیمهٔ پایه",
        "critical_illness": "بیمهٔ بیماری‌های سخت",
        "supplementary": "بیمهٔ تکمیلی",
        "aid": "مددکاری درمان",
        "subsidy": "یارانه",
        "account": "حساب شخصی",
    },
    ZH: {
        "base": "基本医疗保险",
        "base_supplement": "基本医保补充（大额或公务员补助）",
        "critical_illness": "大病保险",
        "supplementary": "补充医疗保险",
        "aid": "医疗救助",
        "subsidy": "财政补助",
        "account": "个人账户",
    },
}
"""The layers of cover."""

CARES: dict[Language, dict[str, str]] = {
    EN: {"outpatient": "outpatient", "inpatient": "inpatient"},
    FA: {"outpatient": "سرپایی", "inpatient": "بستری"},
    ZH: {"outpatient": "门诊", "inpatient": "住院"},
}
"""The kinds of care."""

HEADINGS: dict[Language, dict[str, str]] = {
    EN: {
        "title": "Who pays this bill, and why",
        "bill": "The bill comes to {amount}.",
        "who": "{name} ({layer})",
        "pays": "{who} pays {amount}:",
        "deferred": "{who} still decides about {amount}:",
        "patient": "The patient pays {amount}:",
        "gain": "A fixed price holds: it is {amount} above the itemised bill, which is the hospital's gain.",
        "loss": "A fixed price holds: it is {amount} below the itemised bill, which the hospital bears.",
        "sum": "Insurers {paid} and patient {patient}: together {total}.",
        "since": "since {day}",
        "line": "Line {serial}: {amount}: {parts}.",
        "line_paid": "Line {serial}: {amount}: {parts}. Insurers pay {paid}, the patient {patient}.",
        "part": "{part} {amount}",
    },
    FA: {
        "title": "این صورتحساب را چه کسی می‌پردازد و چرا",
        "bill": "جمع صورتحساب {amount} است.",
        "who": "{name} ({layer})",
        "pays": "{who}، {amount} می‌پردازد:",
        "deferred": "{who}، هنوز دربارهٔ {amount} تصمیم می‌گیرد:",
        "patient": "بیمار {amount} می‌پردازد:",
        "gain": "قیمت ثابت است: {amount} بیش از صورتحساب ریز، که به بیمارستان می‌رسد.",
        "loss": "قیمت ثابت است: {amount} کمتر از صورتحساب ریز، که با بیمارستان است.",
        "sum": "سهم بیمه‌ها {paid} و سهم بیمار {patient}: در مجموع {total}.",
        "since": "از {day}",
        "line": "ردیف {serial}: {amount}: {parts}.",
        "line_paid": "ردیف {serial}: {amount}: {parts}. سهم بیمه‌ها {paid}، سهم بیمار {patient}.",
        "part": "{part} {amount}",
    },
    ZH: {
        "title": "本次费用由谁支付及原因",
        "bill": "费用总额{amount}。",
        "who": "{name}（{layer}）",
        "pays": "{who}支付{amount}：",
        "deferred": "{who}的{amount}待其确认：",
        "patient": "个人支付{amount}：",
        "gain": "按定额结算：高于逐项费用{amount}，结余归医院。",
        "loss": "按定额结算：低于逐项费用{amount}，由医院承担。",
        "sum": "保险支付{paid}，个人支付{patient}，合计{total}。",
        "since": "自{day}起",
        "line": "第{serial}行{amount}：{parts}。",
        "line_paid": "第{serial}行{amount}：{parts}。保险支付{paid}，个人支付{patient}。",
        "part": "{part}{amount}",
    },
}
"""What a document says around the reasons."""
