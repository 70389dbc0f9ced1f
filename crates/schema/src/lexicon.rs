//! The words of the field by which tables and columns are judged: English, and what exports in Portuguese, Spanish, French, German
//! and Indonesian call the same things.

/// Words, apart by blanks.
pub(crate) struct Words(&'static str);

impl Words {
    /// Whether this is one of them.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.0.split(' ').any(|known| known == word)
    }

    /// Whether one of these is.
    pub(crate) fn has_any(&self, words: &[String]) -> bool {
        words.iter().any(|word| self.has(word))
    }
}

pub(crate) const USERS: Words = Words(
    "profiles profile users user accounts account members customers students employees admins staff usuario usuarios \
     perfis perfiles alunos funcionarios utilisateurs pengguna",
);

pub(crate) const PERSONAL: Words = Words(
    "email emails phone mobile telephone whatsapp address street zip postal postcode birth birthday birthdate dob ssn \
     cpf passport nationality medical diagnosis diagnoses allergies medication medications blood salary iban \
     emergency gender disability religion latitude longitude insurance symptoms weight income contact national \
     telefone telefono celular endereco direccion domicilio nascimento nacimento correo dni curp alergias \
     medicamentos diagnostico adresse naissance anschrift telefon geburtsdatum alamat telepon",
);

pub(crate) const SECRET: Words = Words(
    "password passwd pwd passcode token secret apikey otp pin cvv credential credentials hash salt senha contrasena \
     passwort sandi parola",
);

pub(crate) const MONEY: Words = Words(
    "amount total subtotal balance credits payment paid wallet coins points payout commission salary revenue price \
     cost fee discount earnings cents stock quantity valor saldo preco precio monto importe montant prix harga",
);

pub(crate) const PRIVATE: Words = Words(
    "message messages conversation conversations chat chats notification notifications order orders payment payments \
     transaction transactions invoice invoices patient patients prescription prescriptions medical health vitals \
     booking bookings appointment appointments reservation reservations ticket tickets contact contacts lead leads \
     submission submissions session sessions token tokens audit logs address addresses salary pedido pedidos \
     pagamento pagamentos pago pagos mensagem mensagens mensaje mensajes agendamento agendamentos atendimento \
     atendimentos consulta consultas paciente pacientes anamnese anamneses prontuario prontuarios cita citas reserva \
     reservas fatura faturas factura facturas notificacoes notificaciones transacoes transacciones contato contatos \
     contacto contactos commande commandes paiement paiements facture factures pesanan pembayaran tagihan transaksi \
     rechnungen bestellungen nachrichten",
);

/// Tables into which people write who have no account: forms, and what is counted or logged of visits.
pub(crate) const INTAKE: Words = Words(
    "log logs error errors attempt attempts search searches queries clicks impressions pageview tracking telemetry \
     metrics hits visitors surveys contact contacts inquiry inquiries enquiries lead leads newsletter subscriber \
     subscribers waitlist feedback application applications submission submissions rsvp rsvps registration \
     registrations quote quotes demo analytics visits views pageviews responses guestbook signups contato contatos \
     contacto contactos inscricoes intents view watch viewer viewers dismissal dismissals reaction reactions \
     interaction interactions engagement",
);

/// What people without an account ask a house for, and leave an address with.
pub(crate) const ASKED_FOR: Words = Words(
    "request requests inscriptions signups entries booking bookings appointment appointments reservation reservations \
     ticket tickets agendamento agendamentos reserva reservas cita citas turno turnos",
);

/// Schemas of the platform, which its API gives to nobody.
pub(crate) const UNSERVED: Words = Words("auth vault extensions cron net pgsodium supabase_migrations");

/// What is made to be seen by others.
pub(crate) const SHARED: Words = Words(
    "post posts comment comments like likes follow follows followers review reviews rating ratings event events \
     product products category categories article articles blog blogs story stories course courses recipe recipes tag \
     tags listing listings votes job jobs service services doctor doctors challenge challenges competition \
     competitions campaign campaigns cause causes announcement announcements reaction reactions share shares \
     connection connections leaderboard badge badges slot slots template templates department departments menu menus \
     media property properties avaliacoes produtos productos categorias servicos servicios comentarios curtidas \
     eventos noticias publicaciones",
);

/// Places and companies, whose address is for everybody.
pub(crate) const PUBLIC_PLACES: Words = Words(
    "building buildings restaurant restaurants store stores shop shops company companies business businesses clinic \
     clinics hospital hospitals property properties venue venues location locations school schools unit units \
     apartment apartments house houses room rooms branch branches office offices warehouse warehouses station \
     stations hotel hotels depot depots cafe cafes bakery bakeries pharmacy pharmacies salon salons gym gyms loja lojas \
     tienda tiendas restaurante restaurantes empresa empresas barbearia barbearias \
     clinica clinicas unidade unidades sucursal sucursales escola escolas",
);

/// Tables whose rows are worth something to whoever knows their code.
pub(crate) const CODES: Words =
    Words("coupon coupons promo promos voucher vouchers invite invites invitation invitations giftcards");

/// Roles that no policy binds, or that no visitor has.
pub(crate) const SERVICE: Words = Words("service_role postgres supabase_admin dashboard_user");

/// Settings of the app.
pub(crate) const SETTINGS: Words = Words("settings setting config configs configuration configurations");

/// Whose settings are what every page shows: the name of the site, its colours, its address.
pub(crate) const SITE: Words = Words(
    "site website footer header home homepage page pages theme ui seo landing public store shop restaurant school \
     clinic branding brand appearance about hero menu banner display layout portfolio general locale",
);

/// Figures and lists that a house keeps for itself.
pub(crate) const INTERNAL: Words = Words(
    "client clients customer customers supplier suppliers expense expenses budget budgets payroll payrolls revenue \
     revenues metrics analytics formula formulas ledger payouts commissions salaries sale sales purchase purchases \
     cliente clientes venda vendas venta ventas compra compras despesa despesas gasto gastos fornecedor fornecedores \
     proveedor proveedores financeiro pelanggan kunden",
);

/// Whose settings are never for visitors by the name alone.
pub(crate) const GUARDED_SETTINGS: Words =
    Words("payment payments admin system security smtp email integration integrations billing");

/// Tables that say who may do what.
pub(crate) const ROLES: Words = Words("role roles admins");

/// Said of a thing for sale as well as of a person.
pub(crate) const OF_THINGS: Words = Words("weight gender income insurance national latitude longitude");

/// Tables that say how something is worked out.
pub(crate) const RULES: Words = Words("rule rules weight weights criteria criterion factor factors scoring");

/// Who belongs to what, and what they have there.
pub(crate) const MEMBERSHIP: Words = Words(
    "role roles member members membership memberships subscription subscriptions organization \
     organizations wallet wallets credits",
);

/// Tables in which people and machines talk: a role there is that of a speaker.
pub(crate) const TALK: Words =
    Words("message messages chat chats conversation conversations prompt prompts ai");

/// The words of a name, at `_` and at capitals, in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        let starts =
            letter == '_' || letter == '-' || letter == ' ' || letter.is_uppercase() && before.is_lowercase();
        if starts && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}
